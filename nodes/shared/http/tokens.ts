/**
 * Access tokens: the one place that knows `jsonwebtoken`. The algorithm is pinned, so neither `none` nor a
 * public key passed off as an HMAC secret gets through (RFC 8725 section 3.1).
 */
import { createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { Problem } from '../problem.ts';

const ALGORITHM = 'HS256';
const ISSUER = 'cauce';
const AUDIENCE = 'cauce-api';
/** RFC 9068: a token of another kind that the same secret signed is not an access token. */
const TYPE = 'at+jwt';
/** No token of ours comes near; a larger one is not worth hashing. */
const MAX_LENGTH = 4096;

export interface Claims {
  /** User. */
  sub: number;
  /** The login that this came from: `refresh_tokens.family`. */
  fam: string;
  /** `users.token_version` at the time of issue. */
  ver: number;
}

export class Tokens {
  // A key object: given text, `verify` first tries to read a public key from it, which takes longer than the rest.
  readonly #secret: KeyObject;
  readonly accessTtlSeconds: number;

  constructor(secret: string, accessTtlSeconds: number) {
    this.#secret = createSecretKey(secret, 'utf8');
    this.accessTtlSeconds = accessTtlSeconds;
  }

  sign({ sub, fam, ver }: Claims): string {
    return jsonwebtoken.sign({ fam, ver }, this.#secret, {
      algorithm: ALGORITHM,
      header: { alg: ALGORITHM, typ: TYPE },
      issuer: ISSUER,
      audience: AUDIENCE,
      subject: String(sub),
      jwtid: randomUUID(),
      expiresIn: this.accessTtlSeconds,
    });
  }

  /** @throws Problem `invalid_token` */
  verify(token: string): Claims {
    if (token.length > MAX_LENGTH) throw new Problem('invalid_token');
    let decoded: jsonwebtoken.Jwt;
    try {
      decoded = jsonwebtoken.verify(token, this.#secret, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        complete: true,
      });
    } catch (cause) {
      throw new Problem('invalid_token', undefined, { cause });
    }
    const { header, payload } = decoded;
    const claims = typeof payload === 'string' ? {} : payload;
    const sub = Number(claims.sub);
    const { fam, ver, exp } = claims;
    const valid =
      header.typ === TYPE &&
      Number.isSafeInteger(sub) &&
      typeof fam === 'string' &&
      typeof ver === 'number' &&
      // `verify` takes a token without an expiry for one that never expires.
      typeof exp === 'number';
    if (!valid) throw new Problem('invalid_token');
    return { sub, fam: fam as string, ver: ver as number };
  }
}
