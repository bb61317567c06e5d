import assert from 'node:assert/strict';
import jsonwebtoken from 'jsonwebtoken';
import {
  apiProduct,
  JWT_SECRET,
  logIn,
  newMember,
  PASSWORD,
  tryLogin,
  uniqueEmail,
} from '../support/api-product.ts';
import type { Answer } from '../support/http.ts';
import type { Product } from '../support/product.ts';

describe('logging in', () => {
  let product: Product;
  before(async function () {
    this.timeout(60_000);
    product = await apiProduct();
  });

  const me = (token: string) => product.api('GET', '/api/auth/me', { token });
  const refresh = (refresh_token: string) =>
    product.api('POST', '/api/auth/refresh', { body: { refresh_token } });
  const refused = (answer: Answer, code = 'invalid_token') => {
    assert.deepEqual([answer.status, answer.body.code], [401, code]);
    assert.match(answer.headers.get('www-authenticate')!, /^Bearer realm=/);
  };

  describe('with e-mail and password', () => {
    it('answers tokens that open the API, and are kept by no cache', async () => {
      const answer = await tryLogin(product, product.admin.email, product.admin.password);
      assert.equal(answer.status, 200);
      const { access_token, token_type, expires_in, refresh_token, ...rest } = answer.body;
      assert.deepEqual([token_type, expires_in, rest], ['Bearer', 900, {}]);
      assert.equal(Buffer.from(refresh_token, 'base64url').length, 32);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.equal((await me(access_token)).body.email, product.admin.email);
    });

    it('works as a form, as OAuth clients send it', async () => {
      const { email } = await newMember(product);
      const body = new URLSearchParams({ grant_type: 'password', username: email, password: PASSWORD });
      assert.equal((await product.api('POST', '/api/auth/login', { body })).status, 200);
    });

    it('takes the e-mail in any case', async () => {
      const { email } = await newMember(product);
      assert.equal((await tryLogin(product, email.toUpperCase())).status, 200);
    });

    it('refuses a wrong password and an unknown user with the same words', async () => {
      const { email } = await newMember(product);
      const [wrong, unknown] = [
        await tryLogin(product, email, 'wrong password'),
        await tryLogin(product, uniqueEmail()),
      ];
      refused(wrong, 'invalid_credentials');
      refused(unknown, 'invalid_credentials');
      const same = ({ request_id, ...rest }: Record<string, unknown>) => rest;
      assert.deepEqual(same(wrong.body), same(unknown.body));
    });

    it('takes as long for an unknown user as for a wrong password', async () => {
      // Of each kind in turn, so that whatever else slows the machine slows both. Argon2 takes tens of milliseconds:
      // without it the medians would differ by most of that.
      const members = await Promise.all(Array.from({ length: 3 }, () => newMember(product)));
      const times: Record<'wrong' | 'unknown', number[]> = { wrong: [], unknown: [] };
      for (let round = 0; round < 21; round++) {
        for (const kind of ['wrong', 'unknown'] as const) {
          const email = kind === 'wrong' ? members[round % 3]!.email : uniqueEmail();
          const begun = performance.now();
          assert.equal((await tryLogin(product, email, 'wrong password')).status, 401);
          times[kind].push(performance.now() - begun);
        }
      }
      const [wrong, unknown] = [median(times.wrong), median(times.unknown)];
      assert.ok(
        Math.abs(wrong - unknown) < 0.3 * Math.max(wrong, unknown),
        `wrong ${wrong} ms, unknown ${unknown} ms`,
      );
    });

    it('stores and logs no password and no token', async () => {
      const { email, token, refreshToken } = await newMember(product, { password: PASSWORD });
      const [row] = await product.sql('SELECT * FROM users WHERE email = ?', [email]);
      const tokens = await product.sql('SELECT HEX(token_hash) AS hash FROM refresh_tokens');
      const everything = JSON.stringify([row, tokens, product.logs()]);
      for (const secret of [PASSWORD, token, refreshToken]) assert.ok(!everything.includes(secret));
    });
  });

  describe('has a limit', () => {
    it('of ten a minute for one account, from wherever they come', async () => {
      const { email } = await newMember(product);
      for (let count = 1; count < 10; count++)
        assert.equal((await tryLogin(product, email, 'wrong password')).status, 401);
      const answer = await tryLogin(product, email);
      assert.deepEqual([answer.status, answer.body.code], [429, 'too_many_requests']);
      const wait = Number(answer.headers.get('retry-after'));
      assert.ok(wait >= 1 && wait <= 60, String(wait));
    });

    it('that other spellings of the e-mail, equal to the database, do not get around', async () => {
      const { email } = await newMember(product);
      const spellings = [email.replace('e', 'é'), email.replace('@', '\u0001@'), email.replace('a', 'ａ')];
      for (const spelling of spellings)
        assert.equal((await tryLogin(product, spelling)).status, 422, spelling);
      const body = { email: 'müller@example.com', password: PASSWORD };
      assert.equal((await product.asAdmin('POST', '/api/users', { body })).status, 422);
    });

    it('of sixty a minute for one address, whomever they are for', async () => {
      const headers = { 'x-forwarded-for': '192.0.2.60' };
      const attempt = () =>
        product.api('POST', '/api/auth/login', { headers, body: { email: uniqueEmail(), password: 'x' } });
      const answers = await Promise.all(Array.from({ length: 61 }, attempt));
      const count = (status: number) => answers.filter((answer) => answer.status === status).length;
      assert.deepEqual([count(401), count(429)], [60, 1]);
    });
  });

  describe('by an access token', () => {
    const forge = (changes: jsonwebtoken.SignOptions, token: string, key = JWT_SECRET) => {
      const { fam, ver, sub } = jsonwebtoken.decode(token) as jsonwebtoken.JwtPayload;
      return jsonwebtoken.sign({ fam, ver }, key, {
        algorithm: 'HS256',
        header: { alg: 'HS256', typ: 'at+jwt' },
        issuer: 'cauce',
        audience: 'cauce-api',
        subject: sub!,
        expiresIn: 60,
        ...changes,
      });
    };

    it('needs one', async () => {
      const answer = await product.api('GET', '/api/auth/me');
      refused(answer, 'unauthenticated');
    });

    it('works with a proper one, and with none that was forged', async () => {
      const { token } = await newMember(product);
      assert.equal((await me(forge({}, token))).status, 200);
      refused(
        await me(forge({ algorithm: 'none', header: { alg: 'none', typ: 'at+jwt' } }, token, null as never)),
      );
      refused(await me(forge({}, token, 'another secret')));
      refused(await me(forge({ expiresIn: -1 }, token)));
      refused(await me(forge({ header: { alg: 'HS256', typ: 'JWT' } }, token)));
      refused(await me(forge({ audience: 'elsewhere' }, token)));
      refused(await me(forge({ subject: '1' }, token)));
      refused(await me(`${token}x`));
      refused(await me('x'.repeat(5_000)));
    });

    it('does not look for it in the query or a cookie', async () => {
      const { token } = await newMember(product);
      const headers = { cookie: `access_token=${token}` };
      assert.equal((await product.api('GET', `/api/auth/me?access_token=${token}`)).status, 401);
      assert.equal((await product.api('GET', '/api/auth/me', { headers })).status, 401);
    });
  });

  describe('is refreshed', () => {
    it('by a token that is good once', async () => {
      const member = await newMember(product);
      const { status, body } = await refresh(member.refreshToken);
      assert.equal(status, 200);
      assert.notEqual(body.refresh_token, member.refreshToken);
      assert.equal((await me(body.access_token)).body.id, member.id);
      assert.equal((await refresh(body.refresh_token)).status, 200);
    });

    it('and ends for both sides when a token comes a second time: one of them has stolen it', async () => {
      const member = await newMember(product);
      const { body: next } = await refresh(member.refreshToken);
      refused(await refresh(member.refreshToken));
      refused(await refresh(next.refresh_token));
      refused(await me(next.access_token));
      refused(await me(member.token));
    });

    it('and lets one win when two come at once, which ends the login', async () => {
      const member = await newMember(product);
      const answers = await Promise.all([refresh(member.refreshToken), refresh(member.refreshToken)]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401]);
      const winner = answers.find(({ status }) => status === 200)!;
      refused(await me(winner.body.access_token));
    });

    it('while another login of the same user goes on', async () => {
      const member = await newMember(product);
      const other = await logIn(product, member.email);
      await refresh(member.refreshToken);
      refused(await refresh(member.refreshToken));
      assert.equal((await me(other.token)).status, 200);
    });

    it('but not by what is expired or made up', async () => {
      const member = await newMember(product);
      await product.sql('UPDATE refresh_tokens SET expires_at = UTC_TIMESTAMP(3) WHERE user_id = ?', [
        member.id,
      ]);
      refused(await refresh(member.refreshToken));
      refused(await refresh('made-up'));
      assert.equal((await product.api('POST', '/api/auth/refresh', { body: {} })).status, 422);
    });
  });

  it('ends at once with a logout, the refresh token included, and can be repeated elsewhere', async () => {
    const member = await newMember(product);
    const other = await logIn(product, member.email);
    assert.equal((await member.api('POST', '/api/auth/logout')).status, 204);
    refused(await me(member.token));
    refused(await refresh(member.refreshToken));
    assert.equal((await me(other.token)).status, 200);
  });
});

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}
