import assert from 'node:assert/strict';
import { type JwtAction, JwtController } from '../../../../nodes/jwt/controller.ts';
import type { TokenAnswer } from '../../../../nodes/jwt/sessions.ts';
import type { Problem } from '../../../../nodes/shared/problem.ts';
import type { Message } from '../../../../nodes/shared/red.ts';

const answer: TokenAnswer = {
  access_token: 'access',
  token_type: 'Bearer',
  expires_in: 900,
  refresh_token: 'next',
};
const code = (expected: string) => (error: unknown) => (error as Problem).code === expected;

describe('the jwt node', () => {
  let done: unknown[];

  beforeEach(() => {
    done = [];
  });

  const run = (action: JwtAction, message: object): Promise<Message> =>
    new JwtController(
      { action },
      {
        sessions: {
          async issue(user) {
            done.push(['issue', user]);
            return answer;
          },
          async refresh(token, onRevoked) {
            done.push(['refresh', token]);
            if (token === 'stolen') onRevoked(7);
            return answer;
          },
          revoke: async (session) => void done.push(['revoke', session]),
        },
        access: { forget: (user) => void done.push(['forget', user]) },
        close: async () => {},
      },
    ).input(message as Message);

  it('issues tokens to a user, and hands nothing else of the row on', async () => {
    const message = await run('issue', { payload: { id: 7, token_version: 2, password_hash: 'x' }, kept: 1 });
    assert.deepEqual(done, [['issue', { id: 7, token_version: 2 }]]);
    assert.deepEqual(message, { payload: answer, kept: 1 });
  });

  it('issues none to what is no user', async () => {
    for (const payload of [undefined, null, {}, { id: 7 }, { token_version: 0 }])
      await assert.rejects(run('issue', { payload }), /is no user/);
    assert.deepEqual(done, []);
  });

  it('trades a refresh token', async () => {
    assert.deepEqual((await run('refresh', { payload: { refresh_token: 'good' } })).payload, answer);
    assert.deepEqual(done, [['refresh', 'good']]);
  });

  it('refuses a refresh without a token, or with one that is no text', async () => {
    for (const payload of [undefined, {}, { refresh_token: null }, { refresh_token: ['good'] }])
      await assert.rejects(run('refresh', { payload }), code('invalid_token'));
    assert.deepEqual(done, []);
  });

  it('closes the API at once to a login whose refresh token was used twice', async () => {
    await run('refresh', { payload: { refresh_token: 'stolen' } });
    assert.deepEqual(done.at(-1), ['forget', 7]);
  });

  it('ends the login of the caller first, and forgets the caller then', async () => {
    await run('revoke', { request: { session: 'family', user: { id: 7 } } });
    assert.deepEqual(done, [
      ['revoke', 'family'],
      ['forget', 7],
    ]);
  });

  it('ends no login for a caller who has none', async () => {
    await assert.rejects(run('revoke', { request: { session: null, user: null } }), code('unauthenticated'));
    await assert.rejects(run('revoke', {}), /did not come from an `api in`/);
    assert.deepEqual(done, []);
  });

  it('forgets the user whom the path names', async () => {
    await run('forget', { request: { params: { id: '8' }, user: { id: 7 } } });
    assert.deepEqual(done, [['forget', 8]]);
    await assert.rejects(run('forget', { request: { params: { id: 'x' } } }), /no id of a user/);
    await assert.rejects(run('forget', { request: { params: {} } }), /no id of a user/);
  });

  it('cannot be deployed with an action that does not exist', () => {
    for (const action of ['isue', 'toString', ''])
      assert.throws(() => new JwtController({ action: action as never }, {} as never), /no action/);
  });
});
