/**
 * The statements of the vehicles tab on tables that hold more than they answer. What they read is counted by
 * the server, on MySQL and MariaDB alike: a plan may look right on one and sort everything on the other.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { PoolConnection, RowDataPacket } from 'mysql2/promise';
import { bindSql, compileSql } from '../../nodes/shared/sql.ts';
import type { Product } from '../support/product.ts';
import { sharedProduct } from '../support/shared-product.ts';
import { pendingVehicle } from '../support/vehicle.ts';

const VEHICLES = 4;
const ROWS_EACH = 4_000;
const START = Date.UTC(2025, 0, 1);
const ABOVE = { time: '9999-12-31 23:59:59.999', number: Number.MAX_SAFE_INTEGER };

describe("the vehicles tab's statements", () => {
  let product: Product;
  let connection: PoolConnection;

  before(async () => {
    product = await sharedProduct();
    connection = await product.mysql.getConnection();
    for (let index = 0; index < VEHICLES; index++) {
      await pendingVehicle(product, `query-${index}`);
      const [{ no } = { no: 0 }] = await product.sql('SELECT no FROM vehicles WHERE id = ?', [
        `query-${index}`,
      ]);
      const times = Array.from({ length: ROWS_EACH }, (_, row) => START + row * 1_000);
      await connection.query('INSERT INTO telemetry (vehicle_no, ts, arrival, boot, seq) VALUES ?', [
        times.map((time, row) => [no, new Date(time), time * 1_000, 'b', row]),
      ]);
      await connection.query(
        'INSERT INTO vehicle_statuses (vehicle_no, arrival, ts, state, identity) VALUES ?',
        [times.map((time, row) => [no, time * 1_000, new Date(time), 'idle', identity(row)])],
      );
    }
    await connection.query('ANALYZE TABLE telemetry, vehicle_statuses');
  });
  after(() => connection?.release());

  const identity = (row: number) => {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt32BE(row);
    return bytes;
  };

  /** Rows that this session has read and sorted so far. */
  async function counters(): Promise<{ read: number; sorted: number }> {
    const [rows] = await connection.query<RowDataPacket[]>(
      "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Sort_rows'",
    );
    const sum = (start: string) =>
      rows.reduce((total, row) => total + (row.Variable_name.startsWith(start) ? Number(row.Value) : 0), 0);
    return { read: sum('Handler_read'), sorted: sum('Sort_rows') };
  }

  /** How many rows the server touched for a statement, and how many it answered. */
  async function run(text: string, parameters: Record<string, unknown>) {
    const compiled = compileSql(text);
    const values = bindSql(compiled, parameters);
    const start = await counters();
    const idle = await counters();
    const [rows] = await connection.execute<RowDataPacket[]>(compiled.text, values);
    const end = await counters();
    // Looking at the counters counts, too.
    const read = end.read - idle.read - (idle.read - start.read);
    return { read, sorted: end.sorted - idle.sorted, answered: rows.length };
  }

  const page = { id: 'query-1', user_client_id: null, limit: 51, from: null, to: null };

  it('read the newest telemetry backwards', async () => {
    const position = { after_ts: ABOVE.time, after_arrival: ABOVE.number };
    const { read, sorted, answered } = await run(transaction('vehicles-telemetry-list-transaction'), {
      ...page,
      ...position,
    });
    assert.equal(answered, 51);
    assert.ok(read < 120 && sorted === 0, `${read} read, ${sorted} sorted`);
  });

  it('read a later page and a time range of telemetry where they are', async () => {
    const middle = new Date(START + (ROWS_EACH / 2) * 1_000).toISOString().replace('T', ' ').slice(0, 23);
    const sql = transaction('vehicles-telemetry-list-transaction');
    const later = await run(sql, { ...page, after_ts: middle, after_arrival: 1 });
    assert.ok(later.answered === 51 && later.read < 120, `${later.read} read`);
    const last = { after_ts: ABOVE.time, after_arrival: ABOVE.number };
    const range = await run(sql, { ...page, ...last, to: middle });
    assert.ok(range.answered === 51 && range.read < 120, `${range.read} read`);
  });

  it('read the newest statuses backwards', async () => {
    const sql = transaction('vehicles-status-list-transaction');
    const { read, sorted, answered } = await run(sql, { ...page, after_arrival: ABOVE.number });
    assert.equal(answered, 51);
    assert.ok(read < 120 && sorted === 0, `${read} read, ${sorted} sorted`);
  });

  it('read one row for the latest telemetry', async () => {
    const { read, answered } = await run(template('vehicles-telemetry-last-sql'), page);
    assert.equal(answered, 1);
    assert.ok(read < 10, `${read} read`);
  });

  it('read a handful of rows for each vehicle of a page', async () => {
    const { read, answered } = await run(template('vehicles-read-sql'), {
      id: null,
      state: null,
      user_client_id: null,
      after_no: ABOVE.number,
      limit: 51,
      stale_after_s: 60,
    });
    assert.ok(answered >= VEHICLES);
    assert.ok(read < 30 * answered + 60, `${read} read for ${answered} vehicles`);
  });
});

interface Node {
  id: string;
  template?: string;
  statements?: Array<{ sql: string }>;
}

function node(id: string): Node {
  const file = new URL('../../flows/vehicles.json', import.meta.url);
  const found = (JSON.parse(readFileSync(file, 'utf8')) as Node[]).find((candidate) => candidate.id === id);
  assert.ok(found, `There is no node ${id} on the tab.`);
  return found;
}

const template = (id: string) => node(id).template!;
/** The last statement: those before it look whether the vehicle is there. */
const transaction = (id: string) => node(id).statements!.at(-1)!.sql;
