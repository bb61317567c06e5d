/** The table of users, as far as the runtime itself needs it. */
import type { RowDataPacket } from 'mysql2/promise';
import { createPool } from '../nodes/shared/mysql.ts';
import type { MysqlTarget } from './config.ts';
import type { Account } from './editor-login.ts';

/** One look-up each time that somebody logs in to the editor, or works in it: two connections are plenty. */
const CONNECTIONS = 2;

/** @returns a look-up by e-mail address (its collation ignores case). Connects when it is first used. */
export function accountFinder(target: MysqlTarget): (email: string) => Promise<Account | undefined> {
  const pool = createPool({ ...target, connectionLimit: CONNECTIONS });
  return async (email) => {
    const [rows] = await pool.query<RowDataPacket[]>(
      'SELECT role, password_hash, token_version FROM users WHERE email = ?',
      [email],
    );
    const row = rows[0];
    return row && { role: row.role, passwordHash: row.password_hash, tokenVersion: row.token_version };
  };
}
