import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { Tokens } from '../../../../../nodes/shared/http/tokens.ts';
import type { Problem } from '../../../../../nodes/shared/problem.ts';

const secret = 'a secret that is long enough for HS256 to be worth its name';
const tokens = new Tokens(secret, 900);
const claims = { sub: 7, fam: 'family', ver: 3 };

const proper = {
  algorithm: 'HS256',
  header: { alg: 'HS256', typ: 'at+jwt' },
  issuer: 'cauce',
  audience: 'cauce-api',
  subject: '7',
  expiresIn: 60,
} as const;
const forge = (
  changes: jsonwebtoken.SignOptions = {},
  key: string | null = secret,
  payload: object = { fam: 'family', ver: 3 },
) => {
  const options = Object.fromEntries(
    Object.entries({ ...proper, ...changes }).filter(([, value]) => value !== undefined),
  );
  return jsonwebtoken.sign(payload, key as string, options);
};
const refuses = (token: string) =>
  assert.throws(
    () => tokens.verify(token),
    (error) => (error as Problem).code === 'invalid_token',
  );

describe('an access token', () => {
  it('says who it is for and which login it came from', () => {
    assert.deepEqual(tokens.verify(tokens.sign(claims)), claims);
  });

  it('carries issuer, audience, a unique id and an expiry', () => {
    const payload = jsonwebtoken.decode(tokens.sign(claims)) as jsonwebtoken.JwtPayload;
    assert.deepEqual([payload.iss, payload.aud, payload.sub], ['cauce', 'cauce-api', '7']);
    assert.equal(payload.exp! - payload.iat!, 900);
    assert.notEqual(payload.jti, (jsonwebtoken.decode(tokens.sign(claims)) as jsonwebtoken.JwtPayload).jti);
  });

  it('is taken in the form that the attacks below change', () =>
    assert.deepEqual(tokens.verify(forge()), claims));

  it('is refused without a signature', () => {
    refuses(forge({ algorithm: 'none', header: { alg: 'none', typ: 'at+jwt' } }, null));
    const [header, payload] = tokens.sign(claims).split('.');
    refuses(`${header}.${payload}.`);
  });

  it('is refused when another secret signed it', () => refuses(forge({}, 'another secret')));

  it('is refused with another algorithm, of the same family or an asymmetric one', () => {
    refuses(forge({ algorithm: 'HS512', header: { alg: 'HS512', typ: 'at+jwt' } }));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    refuses(forge({ algorithm: 'RS256', header: { alg: 'RS256', typ: 'at+jwt' } }, pem));
  });

  it('is refused when it has expired, and when it never would', () => {
    refuses(forge({ expiresIn: -1 }));
    refuses(forge({ expiresIn: undefined as never }));
  });

  it('is refused from another issuer, for another audience, of another type', () => {
    refuses(forge({ issuer: 'elsewhere' }));
    refuses(forge({ audience: 'elsewhere' }));
    refuses(forge({ header: { alg: 'HS256', typ: 'JWT' } }));
  });

  it('is refused without its claims', () => {
    refuses(forge({}, secret, { ver: 3 }));
    refuses(forge({}, secret, { fam: 'family' }));
    refuses(forge({ subject: 'me' }));
  });

  it('is refused when it was changed, is larger than any of ours, or is none', () => {
    const [header, , signature] = tokens.sign(claims).split('.');
    const payload = Buffer.from(JSON.stringify({ sub: '1', fam: 'f', ver: 3 })).toString('base64url');
    refuses(`${header}.${payload}.${signature}`);
    refuses(forge({}, secret, { fam: 'f', ver: 3, padding: 'x'.repeat(4096) }));
    refuses('');
    refuses('not.a.token');
  });
});
