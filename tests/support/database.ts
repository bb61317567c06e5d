/** A database for one test run: that of private servers, or a scratch one on the server that MYSQL_URL names. */
import { randomBytes } from 'node:crypto';
import { createConnection, type Pool } from 'mysql2/promise';

/** Creates an empty database beside the one that the URL names. */
export async function scratchDatabase(serverUrl: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `cauce_test_${randomBytes(6).toString('hex')}`;
  await execute(serverUrl, `CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(serverUrl, `DROP DATABASE IF EXISTS ${name}`) };
}

/** Rows of one statement, as objects. */
export async function rows<Row = Record<string, any>>(
  pool: Pool,
  sql: string,
  params: unknown[] = [],
): Promise<Row[]> {
  const [result] = await pool.query(sql, params);
  return result as Row[];
}

async function execute(serverUrl: string, sql: string): Promise<void> {
  const url = new URL(serverUrl);
  url.pathname = '/';
  const connection = await createConnection({ uri: url.href, connectTimeout: 10_000 });
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}
