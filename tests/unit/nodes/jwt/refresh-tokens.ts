/** The table `refresh_tokens` in memory, for the statements of a login. A rollback undoes what a transaction did. */
import type { Pool } from 'mysql2/promise';

export interface TokenRow {
  token_hash: Buffer;
  family: string;
  user_id: number;
  /** Seconds from now; it has expired at 0. */
  ttl: number;
  used_at: Date | null;
  revoked_at: Date | null;
}

type Value = Buffer & string & number;

export class RefreshTokens {
  rows: TokenRow[] = [];
  /** What `users` holds for every user. */
  tokenVersion = 1;
  readonly log: string[] = [];

  readonly #execute = async (sql: string, values: Value[]) => {
    const run = statements.find(([start]) => sql.startsWith(start));
    if (!run) throw new Error(`The table does not know the statement ${sql}`);
    return [run[1](this, values, sql)];
  };

  readonly pool = {
    execute: this.#execute,
    getConnection: async () => {
      let saved: TokenRow[] = [];
      return {
        execute: this.#execute,
        beginTransaction: async () => {
          saved = this.rows.map((row) => ({ ...row }));
        },
        commit: async () => void this.log.push('commit'),
        rollback: async () => {
          this.rows = saved;
          this.log.push('rollback');
        },
        release: () => {},
      };
    },
  } as unknown as Pool;
}

const statements: Array<[string, (table: RefreshTokens, values: Value[], sql: string) => unknown]> = [
  [
    'INSERT INTO refresh_tokens (token_hash, family, user_id, expires_at)',
    ({ rows }, [token_hash, family, user_id, ttl]) =>
      rows.push({
        token_hash: token_hash!,
        family: family!,
        user_id: user_id!,
        ttl: ttl!,
        used_at: null,
        revoked_at: null,
      }),
  ],
  [
    'SELECT t.family',
    ({ rows, tokenVersion }, [hash]) =>
      rows
        .filter(({ token_hash }) => token_hash.equals(hash!))
        .map((row) => ({
          ...row,
          id: row.user_id,
          token_version: tokenVersion,
          expired: row.ttl <= 0 ? 1 : 0,
        })),
  ],
  [
    'UPDATE refresh_tokens SET used_at',
    ({ rows }, [hash]) => {
      for (const row of rows) if (row.token_hash.equals(hash!)) row.used_at = new Date();
    },
  ],
  [
    'UPDATE refresh_tokens SET revoked_at',
    ({ rows }, [family]) => {
      for (const row of rows) if (row.family === family) row.revoked_at ??= new Date();
    },
  ],
  [
    'DELETE FROM refresh_tokens WHERE user_id = ? AND expires_at <',
    (table, [user]) => {
      table.rows = table.rows.filter((row) => row.user_id !== user || row.ttl > 0);
    },
  ],
];
