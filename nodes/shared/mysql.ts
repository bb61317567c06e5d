/**
 * Transactions on the `MySQLdatabase` config node that the flows use. The node itself runs every query on
 * whichever connection is free, so it cannot hold a transaction; this opens a pool of its own on the same
 * host, account and schema, once for all nodes that share the config node.
 */
import { setTimeout as delay } from 'node:timers/promises';
import mysql, { type Pool, type PoolConnection, type PoolOptions } from 'mysql2/promise';
import type { Red, RedNode } from './red.ts';

/** What node-red-node-mysql keeps on its config node. */
interface DatabaseNode extends RedNode {
  host: string;
  port: string | number;
  dbname: string;
}

/** One node's share of a pool. */
export interface PoolHandle {
  pool: Pool;
  /** Gives the share back; the last one ends the pool. Call it once, when the last query is answered. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const CONNECTION_LIMIT = 10;
const TRANSACTION_ATTEMPTS = 5;

const ER_LOCK_WAIT_TIMEOUT = 1205;
const ER_LOCK_DEADLOCK = 1213;

// Keyed by the node, not its id: a config node that was edited is a new object, its old users keep the old
// pool until they have closed (nodes close concurrently).
const pools = new WeakMap<RedNode, { pool: Pool; users: number }>();

/** Opens, or joins, the pool of a `MySQLdatabase` config node. Nothing connects before the first query. */
export function openPool(red: Red, configNodeId: string | undefined): PoolHandle {
  const database = databaseNode(red, configNodeId);
  let shared = pools.get(database);
  if (!shared || shared.users === 0) {
    shared = { pool: createPool(serverOf(database)), users: 0 };
    pools.set(database, shared);
  }
  const entry = shared;
  entry.users++;
  let open = true;
  return {
    pool: entry.pool,
    async close() {
      if (!open) return;
      open = false;
      entry.users--;
      if (entry.users === 0) await entry.pool.end();
    },
  };
}

/** Where a `MySQLdatabase` config node connects, and as whom; for a pool of one's own. */
export function databaseOptions(red: Red, configNodeId: string | undefined): PoolOptions {
  return serverOf(databaseNode(red, configNodeId));
}

function databaseNode(red: Red, id: string | undefined): DatabaseNode {
  const database = id ? (red.nodes.getNode(id) as DatabaseNode | null) : null;
  if (!database) throw new Error('No database is chosen.');
  return database;
}

function serverOf({ host, port, dbname, credentials }: DatabaseNode): PoolOptions {
  const { user, password } = credentials ?? {};
  const account = { ...(user && { user }), ...(password && { password }) };
  return { host, port: Number(port), database: dbname, ...account };
}

/**
 * A pool as every part of Cauce wants it: UTC, full Unicode, one statement a query, errors instead of
 * truncated values, and READ COMMITTED, whose inserts take no gap locks and so hardly ever deadlock.
 */
export function createPool(options: PoolOptions): Pool {
  const pool = mysql.createPool({
    connectTimeout: CONNECT_TIMEOUT_MS,
    connectionLimit: CONNECTION_LIMIT,
    timezone: 'Z',
    charset: 'utf8mb4_unicode_ci',
    multipleStatements: false,
    ...options,
  });
  pool.pool.on('connection', (connection) => {
    // Sent ahead of the first query. A failure here is the connection's, and the query behind reports it.
    const ignore = () => {};
    connection.query(
      "SET time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')",
      ignore,
    );
    connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', ignore);
  });
  return pool;
}

/**
 * Runs `work` in one transaction. It is run again, from the start, when the server chose it as the victim of
 * a deadlock or a lock wait timed out: `work` must have no other effects than its queries.
 *
 * @throws what `work` or the server throws, after a rollback
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (connection: PoolConnection) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(pool, work);
    } catch (error) {
      if (!isLockConflict(error) || attempt === TRANSACTION_ATTEMPTS) throw error;
      await delay(Math.random() * 10 * 2 ** attempt);
    }
  }
}

async function once<T>(pool: Pool, work: (connection: PoolConnection) => Promise<T>): Promise<T> {
  const connection = await pool.getConnection();
  try {
    await connection.beginTransaction();
    const result = await work(connection);
    await connection.commit();
    connection.release();
    return result;
  } catch (error) {
    // 1205 rolls back the statement only. A connection on which no server answered (it is lost, or a query
    // timed out) is closed, and the server rolls back.
    if (isConnectionError(error)) connection.destroy();
    else await connection.rollback().catch(() => connection.destroy());
    connection.release();
    throw error;
  }
}

/** mysql2 marks what ends a connection as fatal, except a timeout of its own. */
function isConnectionError(error: unknown): boolean {
  const { fatal, code } = error as { fatal?: boolean; code?: string };
  return fatal === true || code === 'PROTOCOL_SEQUENCE_TIMEOUT';
}

/** Errors after which the same transaction, run again, is expected to succeed. */
export function isLockConflict(error: unknown): boolean {
  const { errno } = error as { errno?: number };
  return errno === ER_LOCK_DEADLOCK || errno === ER_LOCK_WAIT_TIMEOUT;
}
