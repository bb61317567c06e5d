import assert from 'node:assert/strict';
import { hashPassword } from '../../../nodes/shared/passwords.ts';
import { type Account, createEditorLogin } from '../../../runtime/editor-login.ts';

const limits = { loginPerAccountMinute: 3, loginPerAddressMinute: 5 };

describe('the editor’s login', () => {
  let passwordHash: string;
  before(async () => {
    passwordHash = await hashPassword('right');
  });

  function setUp(account: Partial<Account> = {}) {
    const state = {
      account: { role: 'admin', passwordHash, tokenVersion: 1, ...account },
      down: false,
      errors: 0,
      asked: [] as string[],
    };
    const login = createEditorLogin({
      limits,
      onError: () => state.errors++,
      async findAccount(email) {
        state.asked.push(email);
        if (state.down) throw new Error('no database');
        return email === 'admin@cauce.local' ? state.account : undefined;
      },
    });
    return { state, login, ...login.adminAuth };
  }

  it('lets an administrator in, however the address is typed', async () => {
    const { authenticate } = setUp();
    assert.deepEqual(await authenticate('Admin@cauce.local ', 'right'), {
      username: 'Admin@cauce.local ',
      permissions: '*',
    });
  });

  it('lets nobody else in', async () => {
    const { authenticate } = setUp();
    assert.equal(await authenticate('admin@cauce.local', 'wrong'), null);
    assert.equal(await authenticate('nobody@cauce.local', 'right'), null);
    assert.equal(await authenticate('admin@cauce.local', undefined), null);
    assert.equal(await authenticate({ username: 'admin@cauce.local' }, 'right'), null);
    assert.equal(await setUp({ role: 'viewer' }).authenticate('admin@cauce.local', 'right'), null);
    assert.equal(await setUp({ role: 'operator' }).users('admin@cauce.local'), null);
  });

  it('counts attempts by account, whatever the spelling, and then refuses the right password too', async () => {
    const { authenticate } = setUp();
    for (const name of ['admin@cauce.local', 'ADMIN@cauce.local', ' admin@cauce.local']) {
      assert.equal(await authenticate(name, 'wrong'), null);
    }
    assert.equal(await authenticate('admin@cauce.local', 'right'), null);
  });

  it('does not look up spellings that only the collation takes for the account', async () => {
    const { authenticate, state } = setUp();
    assert.equal(await authenticate('ädmin@cauce.local', 'right'), null);
    assert.deepEqual(state.asked, []);
  });

  it('limits the attempts of one address and says when to come back', async () => {
    const { login } = setUp();
    const answers = await Promise.all(Array.from({ length: 6 }, () => request(login, '/auth/token')));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [undefined, undefined, undefined, undefined, undefined, 429],
    );
    assert.ok(Number(answers[5]!.headers['Retry-After']) > 0);
    assert.equal((await request(login, '/flows')).status, undefined);
  });

  it('survives a database that is down: nobody new gets in, who was in stays in', async () => {
    const { state, users, authenticate } = setUp();
    assert.ok(await users('admin@cauce.local'));
    state.down = true;
    assert.equal(await authenticate('admin@cauce.local', 'right'), null);
    assert.ok(await users('admin@cauce.local'));
    assert.equal(await users('other@cauce.local'), null);
    assert.equal(state.errors, 2);
  });

  it('ends the sessions of an account whose password was changed', async () => {
    const { state, login, authenticate, users } = setUp();
    const store = login.keepSessions({ getSessions: async () => ({}), saveSessions: async () => {} });
    const sessions = await store.getSessions();
    const name = 'admin@cauce.local';

    await authenticate(name, 'right');
    sessions.old = { user: name };
    await store.saveSessions(sessions);
    state.account = { ...state.account, tokenVersion: 2 };
    await authenticate(name, 'right');
    sessions.new = { user: name };
    await store.saveSessions(sessions);

    await users(name);
    assert.deepEqual(Object.keys(sessions), ['new']);
  });
});

interface Answer {
  status?: number;
  headers: Record<string, string>;
}

/** Sends a request through the limiter; without a status, it was let through. */
function request(login: ReturnType<typeof createEditorLogin>, path: string): Promise<Answer> {
  return new Promise((resolve) => {
    const answer: Answer = { headers: {} };
    const response = {
      set: (name: string, value: string) => {
        answer.headers[name] = value;
        return response;
      },
      status: (status: number) => {
        answer.status = status;
        return response;
      },
      json: () => resolve(answer),
    };
    const incoming = { method: 'POST', path, ip: '192.0.2.1' };
    login.limitLogins(incoming as never, response as never, () => resolve(answer));
  });
}
