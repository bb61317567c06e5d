/**
 * Logins. Each is a family of refresh tokens, of which the newest is good: a refresh trades it for the next. One
 * that comes a second time was copied, by a thief or from the thief; as nobody can tell who is who, the family
 * ends (RFC 9700 section 4.14.2).
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Pool, PoolConnection, RowDataPacket } from 'mysql2/promise';
import type { Tokens } from '../shared/http/tokens.ts';
import { inTransaction } from '../shared/mysql.ts';
import { Problem } from '../shared/problem.ts';

/** What a login answers (RFC 6749 section 5.1). */
export interface TokenAnswer {
  access_token: string;
  token_type: 'Bearer';
  /** Seconds. */
  expires_in: number;
  refresh_token: string;
}

export interface SessionUser {
  id: number;
  token_version: number;
}

type Refreshed = { tokens: TokenAnswer } | { revokedUser: number } | undefined;

const TOKEN_BYTES = 32;
const PURGE_ROWS = 1_000;

export class Sessions {
  readonly #pool: Pool;
  readonly #tokens: Tokens;
  readonly #ttlSeconds: number;

  constructor(pool: Pool, tokens: Tokens, refreshTtlSeconds: number) {
    this.#pool = pool;
    this.#tokens = tokens;
    this.#ttlSeconds = refreshTtlSeconds;
  }

  /** Begins a login. */
  async issue(user: SessionUser): Promise<TokenAnswer> {
    await this.#purge(user.id);
    return this.#extend(this.#pool, user, randomUUID());
  }

  /**
   * Trades a refresh token.
   *
   * @param onRevoked told the user whose family has just been revoked
   * @throws Problem `invalid_token`
   */
  async refresh(refreshToken: string, onRevoked: (userId: number) => void): Promise<TokenAnswer> {
    const hash = sha256(refreshToken);
    // The outcome is thrown after the commit: a revocation has to last.
    const outcome = await inTransaction(this.#pool, (connection) => this.#trade(connection, hash));
    if (outcome && 'tokens' in outcome) return outcome.tokens;
    if (outcome) onRevoked(outcome.revokedUser);
    throw new Problem(
      'invalid_token',
      'The refresh token is unknown, expired, used or revoked. Log in again.',
    );
  }

  /** Ends a login. Ending it again is no error. */
  async revoke(family: string): Promise<void> {
    await revokeFamily(this.#pool, family);
  }

  async #trade(connection: PoolConnection, hash: Buffer): Promise<Refreshed> {
    const [rows] = await connection.execute<RowDataPacket[]>(
      `SELECT t.family, t.used_at, t.revoked_at, t.expires_at <= UTC_TIMESTAMP(3) AS expired, u.id, u.token_version
       FROM refresh_tokens t JOIN users u ON u.id = t.user_id
       WHERE t.token_hash = ? FOR UPDATE`,
      [hash],
    );
    const row = rows[0];
    if (!row || row.revoked_at || row.expired) return undefined;
    if (row.used_at) {
      await revokeFamily(connection, row.family);
      return { revokedUser: row.id };
    }
    await connection.execute('UPDATE refresh_tokens SET used_at = UTC_TIMESTAMP(3) WHERE token_hash = ?', [
      hash,
    ]);
    const user = { id: row.id, token_version: row.token_version };
    return { tokens: await this.#extend(connection, user, row.family) };
  }

  async #extend(connection: Pool | PoolConnection, user: SessionUser, family: string): Promise<TokenAnswer> {
    const refreshToken = randomBytes(TOKEN_BYTES).toString('base64url');
    await connection.execute(
      `INSERT INTO refresh_tokens (token_hash, family, user_id, expires_at)
       VALUES (?, ?, ?, UTC_TIMESTAMP(3) + INTERVAL ? SECOND)`,
      [sha256(refreshToken), family, user.id, this.#ttlSeconds],
    );
    return {
      access_token: this.#tokens.sign({ sub: user.id, fam: family, ver: user.token_version }),
      token_type: 'Bearer',
      expires_in: this.#tokens.accessTtlSeconds,
      refresh_token: refreshToken,
    };
  }

  /** What has expired is of no use to anybody: a user's own old rows go when they log in. */
  async #purge(userId: number): Promise<void> {
    await this.#pool.execute(
      `DELETE FROM refresh_tokens WHERE user_id = ? AND expires_at < UTC_TIMESTAMP(3) LIMIT ${PURGE_ROWS}`,
      [userId],
    );
  }
}

async function revokeFamily(connection: Pool | PoolConnection, family: string): Promise<void> {
  await connection.execute(
    'UPDATE refresh_tokens SET revoked_at = UTC_TIMESTAMP(3) WHERE family = ? AND revoked_at IS NULL',
    [family],
  );
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
