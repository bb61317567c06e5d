import assert from 'node:assert/strict';
import { PasswordController } from '../../../../nodes/password/controller.ts';
import type { Problem } from '../../../../nodes/shared/problem.ts';

const hash = new PasswordController({ action: 'hash' });
const verify = new PasswordController({ action: 'verify' });

/** As `api in` sends it. */
function message(body: Record<string, unknown>, payload: unknown = { ...body }) {
  return { payload, request: { body }, req: { body } };
}

describe('the password node', () => {
  it('hashes with argon2id, with a salt of its own, as OWASP recommends', async () => {
    const [one, other] = await Promise.all([
      hash.input(message({ password: 'hunter22' })),
      hash.input(message({ password: 'hunter22' })),
    ]);
    const hashes = [one, other].map(({ payload }) => (payload as { password_hash: string }).password_hash);
    assert.match(hashes[0]!, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.notEqual(hashes[0], hashes[1]);
  });

  it('leaves no plaintext anywhere in the message', async () => {
    const hashed = await hash.input(message({ password: 'hunter22', name: 'x' }));
    assert.doesNotMatch(JSON.stringify(hashed), /hunter22/);
    const { password_hash } = hashed.payload as { password_hash: string };
    const login = message({ password: 'hunter22' }, [{ id: 1, password_hash }]);
    assert.doesNotMatch(JSON.stringify(await verify.input(login)), /hunter22|argon2/);
  });

  it('makes null of a password that was not sent', async () => {
    assert.deepEqual((await hash.input(message({ name: 'x' }))).payload, { name: 'x', password_hash: null });
  });

  it('answers the user without the hash when the password is right', async () => {
    const { payload } = await hash.input(message({ password: 'hunter22' }));
    const { password_hash } = payload as { password_hash: string };
    const checked = await verify.input(
      message({ password: 'hunter22' }, [{ id: 1, token_version: 2, password_hash }]),
    );
    assert.deepEqual(checked.payload, { id: 1, token_version: 2 });
  });

  it('refuses a wrong password, an unknown user and a missing password alike', async () => {
    const { payload } = await hash.input(message({ password: 'hunter22' }));
    const rows = [{ id: 1, ...(payload as object) }];
    const attempts = [
      message({ password: 'wrong' }, rows),
      message({ password: 'hunter22' }, []),
      message({}, rows),
      message({}, []),
    ];
    for (const attempt of attempts) {
      await assert.rejects(
        verify.input(attempt),
        (error) => (error as Problem).code === 'invalid_credentials',
      );
    }
  });
});
