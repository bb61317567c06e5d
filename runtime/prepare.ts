/** What has to be there before the flows start: the schema, and somebody who can log in. */
import { randomBytes } from 'node:crypto';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { hashPassword } from '../nodes/shared/passwords.ts';
import type { Config } from './config.ts';
import { migrate } from './migrations.ts';

/** The login of an administrator whose password was made up just now. It is stored hashed: tell it now or never. */
export interface FirstAdmin {
  email: string;
  password: string;
}

const DEFAULT_EMAIL = 'admin@cauce.local';
const PASSWORD_BYTES = 15;

/**
 * Migrates the schema and makes sure that there is an administrator. Idempotent; safe to run in several
 * processes at once.
 *
 * With ADMIN_PASSWORD, the account ADMIN_EMAIL is created unless it exists. Where there is no administrator at all,
 * that account becomes one in any case, with a generated password where none is given. Otherwise nothing is changed.
 */
export async function prepare(
  config: Pick<Config, 'mysql' | 'admin'>,
  log?: (line: string) => void,
): Promise<{ firstAdmin?: FirstAdmin }> {
  return migrate(config.mysql.owner, (connection) => createAdmin(connection, config.admin), {
    ...(log && { log }),
  });
}

async function createAdmin(
  connection: Connection,
  admin: Config['admin'],
): Promise<{ firstAdmin?: FirstAdmin }> {
  const email = admin.email ?? DEFAULT_EMAIL;
  const named = admin.password !== undefined && !(await exists(connection, 'email = ?', email));
  if (!named && (await exists(connection, 'role = ?', 'admin'))) return {};
  const password = admin.password ?? randomBytes(PASSWORD_BYTES).toString('base64url');
  await insert(connection, email, password);
  return admin.password === undefined ? { firstAdmin: { email, password } } : {};
}

async function exists(connection: Connection, condition: string, value: string): Promise<boolean> {
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT 1 FROM users WHERE ${condition} LIMIT 1`, [
    value,
  ]);
  return rows.length > 0;
}

/** An account of that name that is no administrator becomes one: otherwise nobody could administer any more. */
async function insert(connection: Connection, email: string, password: string): Promise<void> {
  await connection.query(
    `INSERT INTO users (email, name, role, password_hash) VALUES (?, 'Administrator', 'admin', ?)
     ON DUPLICATE KEY UPDATE role = VALUES(role), password_hash = VALUES(password_hash),
       token_version = token_version + 1, version = version + 1`,
    [email, await hashPassword(password)],
  );
}
