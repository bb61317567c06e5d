import assert from 'node:assert/strict';
import { Sessions } from '../../../../nodes/jwt/sessions.ts';
import { Tokens } from '../../../../nodes/shared/http/tokens.ts';
import type { Problem } from '../../../../nodes/shared/problem.ts';
import { RefreshTokens } from './refresh-tokens.ts';

const tokens = new Tokens('a secret that is long enough', 900);
const user = { id: 7, token_version: 1 };
const invalid = (error: unknown) => (error as Problem).code === 'invalid_token';

describe('a login', () => {
  let table: RefreshTokens;
  let sessions: Sessions;
  let revoked: number[];

  beforeEach(() => {
    table = new RefreshTokens();
    sessions = new Sessions(table.pool, tokens, 3600);
    revoked = [];
  });

  const refresh = (token: string) => sessions.refresh(token, (id) => void revoked.push(id));
  const revokedFamilies = () => new Set(table.rows.filter((row) => row.revoked_at).map((row) => row.family));

  it('answers as OAuth does, with an access token of the user and the login', async () => {
    const { access_token, refresh_token, ...rest } = await sessions.issue(user);
    assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 900 });
    assert.equal(Buffer.from(refresh_token, 'base64url').length, 32);
    const [row] = table.rows;
    assert.deepEqual(tokens.verify(access_token), { sub: 7, fam: row!.family, ver: 1 });
    assert.deepEqual([row!.user_id, row!.ttl], [7, 3600]);
  });

  it('keeps a hash of the refresh token and not the token', async () => {
    const { refresh_token } = await sessions.issue(user);
    const { token_hash } = table.rows[0]!;
    assert.equal(token_hash.length, 32);
    for (const encoding of ['utf8', 'base64url'] as const)
      assert.ok(!token_hash.equals(Buffer.from(refresh_token, encoding)), encoding);
  });

  it('is apart from other logins of the same user', async () => {
    const [one, other] = [await sessions.issue(user), await sessions.issue(user)];
    assert.notEqual(tokens.verify(one.access_token).fam, tokens.verify(other.access_token).fam);
    await refresh(one.refresh_token);
    await assert.rejects(refresh(one.refresh_token), invalid);
    await refresh(other.refresh_token);
  });

  it('removes what has expired of the same user, and of nobody else', async () => {
    for (const id of [7, 8]) await sessions.issue({ ...user, id });
    for (const row of table.rows) row.ttl = -1;
    await sessions.issue(user);
    assert.deepEqual(
      table.rows.map(({ user_id, ttl }) => [user_id, ttl]),
      [
        [8, -1],
        [7, 3600],
      ],
    );
  });

  describe('is refreshed', () => {
    it('by its newest token, as the same login, with the version that the user has now', async () => {
      const first = await sessions.issue(user);
      table.tokenVersion = 2;
      const second = await refresh(first.refresh_token);
      assert.notEqual(second.refresh_token, first.refresh_token);
      const { fam } = tokens.verify(first.access_token);
      assert.deepEqual(tokens.verify(second.access_token), { sub: 7, fam, ver: 2 });
      await refresh(second.refresh_token);
      assert.deepEqual(revoked, []);
    });

    it('not by a token that is unknown, expired or revoked, which revokes nothing', async () => {
      const [expired, ended, good] = [
        await sessions.issue(user),
        await sessions.issue(user),
        await sessions.issue(user),
      ];
      table.rows[0]!.ttl = 0;
      await sessions.revoke(table.rows[1]!.family);
      for (const token of ['made up', expired.refresh_token, ended.refresh_token])
        await assert.rejects(refresh(token), invalid);
      assert.deepEqual(revoked, []);
      assert.deepEqual(revokedFamilies(), new Set([table.rows[1]!.family]));
      await refresh(good.refresh_token);
    });
  });

  describe('ends', () => {
    it('for both sides when a token comes a second time, and the refusal does not undo that', async () => {
      const first = await sessions.issue(user);
      const second = await refresh(first.refresh_token);
      await assert.rejects(refresh(first.refresh_token), invalid);
      assert.deepEqual(revoked, [7]);
      assert.ok(table.rows.every((row) => row.revoked_at));
      await assert.rejects(refresh(second.refresh_token), invalid);
      assert.ok(!table.log.includes('rollback'));
    });

    it('when it is revoked, which can be said again', async () => {
      const { access_token, refresh_token } = await sessions.issue(user);
      const { fam } = tokens.verify(access_token);
      await sessions.revoke(fam);
      await sessions.revoke(fam);
      await assert.rejects(refresh(refresh_token), invalid);
    });
  });
});
