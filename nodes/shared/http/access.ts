/**
 * Who is calling. A signature alone would let a deleted user in for as long as the token lives, so the user
 * and the login behind it are looked up; for a few seconds from memory, and at once again after `forget`.
 */
import { LRUCache } from 'lru-cache';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { Problem } from '../problem.ts';
import type { ApiUser } from './request.ts';
import type { Tokens } from './tokens.ts';

/** What the database says about a login. */
interface Login {
  user: ApiUser;
  tokenVersion: number;
}

export interface Caller {
  user: ApiUser;
  /** The family of the login. */
  session: string;
}

/** How long another instance may go on with what it has read; this one forgets at once. */
const MEMORY_MS = 5_000;
const MEMORY_ENTRIES = 10_000;

const LOGIN_SQL = `SELECT u.id, u.email, u.role, u.client_id, u.token_version
  FROM users u
  WHERE u.id = ? AND EXISTS (
    SELECT 1 FROM refresh_tokens t WHERE t.family = ? AND t.user_id = u.id AND t.revoked_at IS NULL
  )`;

export class Access {
  // Promises: requests that arrive together share one query.
  readonly #logins = new LRUCache<string, Promise<Login | undefined>>({
    max: MEMORY_ENTRIES,
    ttl: MEMORY_MS,
  });
  readonly #tokens: Tokens;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  /**
   * @param authorization the header; tokens in a query or a cookie are not looked at: they end up in logs, or
   *   are sent by a browser unasked
   * @throws Problem `unauthenticated`, `invalid_token`
   */
  async authenticate(authorization: string | undefined, pool: Pool): Promise<Caller> {
    const [scheme, token, ...rest] = (authorization ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || !token) throw new Problem('unauthenticated');
    if (rest.length > 0) throw new Problem('invalid_token');
    const { sub, fam, ver } = this.#tokens.verify(token);
    const login = await this.#login(pool, sub, fam);
    if (!login || login.tokenVersion !== ver) throw new Problem('invalid_token');
    // A copy: what a flow does to its message must not reach the next request.
    return { user: { ...login.user }, session: fam };
  }

  /** Reads the user anew at the next request: after an edit, a deletion, a logout. */
  forget(userId: number): void {
    for (const key of this.#logins.keys()) {
      if (key.startsWith(`${userId}:`)) this.#logins.delete(key);
    }
  }

  #login(pool: Pool, userId: number, family: string): Promise<Login | undefined> {
    const key = `${userId}:${family}`;
    const known = this.#logins.get(key);
    if (known) return known;
    const asked = readLogin(pool, userId, family);
    this.#logins.set(key, asked);
    // A database that was away is asked again.
    asked.catch(() => {
      if (this.#logins.peek(key) === asked) this.#logins.delete(key);
    });
    return asked;
  }
}

async function readLogin(pool: Pool, userId: number, family: string): Promise<Login | undefined> {
  const [rows] = await pool.execute<RowDataPacket[]>(LOGIN_SQL, [userId, family]);
  const row = rows[0];
  if (!row) return undefined;
  const { id, email, role, client_id, token_version } = row;
  return { user: { id, email, role, client_id }, tokenVersion: token_version };
}
