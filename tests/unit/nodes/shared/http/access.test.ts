import assert from 'node:assert/strict';
import type { Pool } from 'mysql2/promise';
import { Access } from '../../../../../nodes/shared/http/access.ts';
import { Tokens } from '../../../../../nodes/shared/http/tokens.ts';
import type { Problem } from '../../../../../nodes/shared/problem.ts';

const tokens = new Tokens('a secret that is long enough', 900);
const header = (ver = 1) => `Bearer ${tokens.sign({ sub: 7, fam: 'family', ver })}`;
const code = (expected: string) => (error: unknown) => (error as Problem).code === expected;

describe('access', () => {
  let rows: object[];
  let asked: number;
  let failing: boolean;
  let access: Access;
  const pool = {
    async execute() {
      asked++;
      if (failing) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
      return [rows];
    },
  } as unknown as Pool;

  beforeEach(() => {
    rows = [{ id: 7, email: 'a@example.com', role: 'operator', client_id: null, token_version: 1 }];
    asked = 0;
    failing = false;
    access = new Access(tokens);
  });

  it('is given to a user whose login stands', async () => {
    assert.deepEqual(await access.authenticate(header(), pool), {
      user: { id: 7, email: 'a@example.com', role: 'operator', client_id: null },
      session: 'family',
    });
  });

  it('asks for a token when there is none, and only looks at the Authorization header', async () => {
    for (const absent of [undefined, '', 'Basic abc', 'Bearer', 'Bearer ']) {
      await assert.rejects(access.authenticate(absent, pool), code('unauthenticated'), String(absent));
    }
    await assert.rejects(access.authenticate('Bearer x y', pool), code('invalid_token'));
  });

  it('ends with the user, the login, and the version of the tokens', async () => {
    await assert.rejects(access.authenticate(header(2), pool), code('invalid_token'));
    rows = [];
    access.forget(7);
    await assert.rejects(access.authenticate(header(), pool), code('invalid_token'));
  });

  it('reads a user once for requests that arrive together, and those soon after', async () => {
    await Promise.all([access.authenticate(header(), pool), access.authenticate(header(), pool)]);
    await access.authenticate(header(), pool);
    assert.equal(asked, 1);
  });

  it('reads again at once after it was told to forget, and only that user', async () => {
    await access.authenticate(header(), pool);
    access.forget(77);
    await access.authenticate(header(), pool);
    assert.equal(asked, 1);
    access.forget(7);
    await access.authenticate(header(), pool);
    assert.equal(asked, 2);
  });

  it('gives each request a user of its own', async () => {
    const first = await access.authenticate(header(), pool);
    first.user.role = 'admin';
    assert.equal((await access.authenticate(header(), pool)).user.role, 'operator');
  });

  it('does not remember that the database was away', async () => {
    failing = true;
    await assert.rejects(access.authenticate(header(), pool), code('ECONNREFUSED'));
    failing = false;
    await access.authenticate(header(), pool);
  });

  it('does not ask the database for a token that is none', async () => {
    await assert.rejects(access.authenticate('Bearer forged', pool), code('invalid_token'));
    assert.equal(asked, 0);
  });
});
