/**
 * Brings the schema to what this version needs: the files of mysql-init/ in order, each once. The mysql image runs
 * the same files on its first start; each enters itself into `schema_migrations`, so both ways end alike.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import type { MysqlTarget } from './config.ts';

export interface MigrationOptions {
  /** Default: mysql-init/. */
  directory?: string;
  /** How long to wait for a server that is still starting, in ms. */
  patienceMs?: number;
  /** Told what happens, a line at a time. */
  log?(line: string): void;
}

const DIRECTORY = fileURLToPath(new URL('../mysql-init', import.meta.url));
/** A mysql image that initialises itself on a slow disk takes about a minute. */
const PATIENCE_MS = 180_000;
const RETRY_MS = 500;
const PROGRESS_MS = 5_000;
/** Another process migrates meanwhile; when it is done, there is nothing left to do. */
const LOCK_PATIENCE_S = 300;

/** The server is not there yet, or not any more: worth waiting for. Anything else is for a person to mend. */
const STARTING = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'ER_SERVER_SHUTDOWN',
  'ER_CON_COUNT_ERROR',
]);

/**
 * Applies what is missing, then runs `work` under the same lock: of several processes that start together, one at
 * a time gets here.
 * @returns what `work` returns
 * @throws Error that names the file whose statement failed, or says that the schema is newer than this version
 */
export async function migrate<T>(
  target: MysqlTarget,
  work: (connection: Connection) => Promise<T>,
  options: MigrationOptions = {},
): Promise<T> {
  const log = options.log ?? (() => {});
  const connection = await connect(target, options.patienceMs ?? PATIENCE_MS, log);
  try {
    await lock(connection, target.database);
    const directory = options.directory ?? DIRECTORY;
    const files = readdirSync(directory).filter((name) => name.endsWith('.sql'));
    await apply(
      connection,
      files.sort().map((name) => join(directory, name)),
      log,
    );
    return await work(connection);
  } finally {
    // The lock ends with the connection.
    await connection.end().catch(() => connection.destroy());
  }
}

async function connect(
  target: MysqlTarget,
  patienceMs: number,
  log: (line: string) => void,
): Promise<Connection> {
  const begin = Date.now();
  let nextProgress = begin + RETRY_MS;
  for (;;) {
    try {
      return await mysql.createConnection({
        ...target,
        charset: 'utf8mb4_unicode_ci',
        timezone: 'Z',
        // A migration file is one query. This connection sends nothing else that is not written in this file.
        multipleStatements: true,
      });
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      const where = `MySQL at ${target.host}:${target.port}`;
      if (!STARTING.has(code ?? '')) throw new Error(`${where}: ${message}`, { cause: error });
      const waited = Date.now() - begin;
      if (waited > patienceMs)
        throw new Error(`${where} did not answer within ${patienceMs / 1000} s: ${message}`);
      if (Date.now() >= nextProgress) {
        log(`Waiting for ${where} (${code}, ${Math.round(waited / 1000)} s)`);
        nextProgress = Date.now() + PROGRESS_MS;
      }
      await delay(RETRY_MS);
    }
  }
}

async function lock(connection: Connection, database: string): Promise<void> {
  // Lock names are the server's, not the schema's, and at most 64 characters long.
  const name = `cauce ${createHash('sha256').update(database).digest('hex').slice(0, 32)}`;
  const [rows] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS held', [
    name,
    LOCK_PATIENCE_S,
  ]);
  if (rows[0]?.held !== 1) throw new Error('Another process has been migrating this schema for too long.');
}

async function apply(
  connection: Connection,
  files: readonly string[],
  log: (line: string) => void,
): Promise<void> {
  const known = files.map((file) => basename(file, '.sql'));
  const applied = await appliedNames(connection);
  const unknown = applied.filter((name) => !known.includes(name));
  if (unknown.length) {
    throw new Error(
      `The schema is newer than this version of Cauce, which does not know ${unknown.join(', ')}. ` +
        'Start the version that made it, or restore a backup from before.',
    );
  }
  for (const [index, file] of files.entries()) {
    const name = known[index]!;
    if (applied.includes(name)) continue;
    try {
      await connection.query(readFileSync(file, 'utf8'));
    } catch (error) {
      throw new Error(`Migration ${name} failed: ${(error as Error).message}`, { cause: error });
    }
    log(`Applied migration ${name}`);
  }
}

async function appliedNames(connection: Connection): Promise<string[]> {
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT name FROM schema_migrations');
    return rows.map((row) => row.name);
  } catch (error) {
    if ((error as { code?: string }).code === 'ER_NO_SUCH_TABLE') return [];
    throw error;
  }
}
