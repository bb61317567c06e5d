/** A schema of their own for tests of migrations and the like, on the server that MYSQL_URL names or a private one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { startServers } from '../../local/servers.ts';
import { type MysqlTarget, readConfig } from '../../runtime/config.ts';
import { scratchDatabase } from './database.ts';

export interface TestSchema {
  url: string;
  target: MysqlTarget;
  query(sql: string, values?: unknown[]): Promise<Array<Record<string, unknown>>>;
  /** Removes every table. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

/** With MYSQL_URL: a new schema beside the one that it names, whose account must be allowed to create one. */
export async function openSchema(): Promise<TestSchema> {
  const { url, release } = process.env.MYSQL_URL ? await besides(process.env.MYSQL_URL) : await privately();
  const target = targetOf(url);
  const pool = mysql.createPool({ ...target, timezone: 'Z' });
  const query: TestSchema['query'] = async (sql, values) => {
    const [rows] = await pool.query(sql, values);
    return rows as Array<Record<string, unknown>>;
  };
  return {
    url,
    target,
    query,
    async empty() {
      const rows = await query(
        'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ?',
        [target.database],
      );
      if (rows.length === 0) return;
      const connection = await pool.getConnection();
      try {
        await connection.query('SET foreign_key_checks = 0');
        await connection.query(`DROP TABLE ${rows.map(({ name }) => `\`${name}\``).join(', ')}`);
        await connection.query('SET foreign_key_checks = 1');
      } finally {
        connection.release();
      }
    },
    async close() {
      await pool.end();
      await release();
    },
  };
}

function targetOf(url: string): MysqlTarget {
  return readConfig({ MYSQL_URL: url, REDIS_URL: 'redis://unused', MQTT_URL: 'mqtt://unused' }).mysql.owner;
}

async function besides(given: string) {
  const { url, drop } = await scratchDatabase(given);
  return { url, release: drop };
}

async function privately() {
  const dataDir = mkdtempSync(join(tmpdir(), 'cauce-mysql-'));
  const servers = await startServers({ dataDir, redis: false, mqtt: false });
  return {
    url: servers.mysqlUrl,
    async release() {
      await servers.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
