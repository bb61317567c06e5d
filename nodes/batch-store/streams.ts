/**
 * How far each boot of each vehicle is settled without a gap: what the cumulative ack says. The mark is
 * written in the transaction of the rows that it speaks of; in memory it advances after the commit.
 *
 * The first batch that stores samples of a boot starts its stream at the smallest `seq` among them. What was
 * refused counts as settled, because the device was told, but starts no stream: its `seq` may be garbage.
 */
import { LRUCache } from 'lru-cache';
import type { PoolConnection, RowDataPacket } from 'mysql2/promise';
import type { Item, Refused } from '../shared/ingest/batch.ts';
import { sqlName, sqlText } from '../shared/ingest/sql-text.ts';
import { QUERY_TIMEOUT_MS } from './insert.ts';
import { merge, type Settled, settle } from './ranges.ts';

export interface Ack {
  params: Record<string, string>;
  /** As the device sent it. */
  boot: string | number | undefined;
  seq: number;
}

interface Position {
  boot?: string | number;
  seq?: number;
}

/** The streams that a batch touches. */
interface Touched {
  vehicleNo: number;
  boot: string;
  seqs: number[];
  /** The smallest that is stored; Infinity where all were refused. */
  start: number;
  ack: Ack;
}

/** What becomes true with the commit. */
export interface Advance {
  acks: Ack[];
  settled: Map<string, Settled>;
}

/** Streams in memory. One that fell out is read from the database when it speaks again. */
const CAPACITY = 20_000;

export class Streams {
  readonly #table: string;
  readonly #samples: string;
  readonly #cache = new LRUCache<string, Settled>({ max: CAPACITY });

  /** @param table of the marks @param samples table of the rows, with columns vehicle_no, boot, seq */
  constructor(table: string, samples: string) {
    this.#table = sqlName(table);
    this.#samples = sqlName(samples);
  }

  /** Writes how far the streams get with these items. Call it behind the insert, in its transaction. */
  async advance(connection: PoolConnection, stored: Item[], refused: Refused[]): Promise<Advance> {
    const touched = touchedBy(stored, refused);
    const before = await this.#load(connection, touched);
    const settled = new Map<string, Settled>();
    const acks: Ack[] = [];
    const rows: string[] = [];
    for (const [key, { vehicleNo, boot, seqs, start, ack }] of touched) {
      const known = before.get(key);
      if (!known && start === Number.POSITIVE_INFINITY) continue;
      const now = settle(known ?? { mark: start - 1, above: [] }, seqs);
      settled.set(key, now);
      acks.push({ ...ack, seq: now.mark });
      if (now.mark !== known?.mark) rows.push(`(${vehicleNo},${sqlText(boot)},${now.mark})`);
    }
    if (rows.length > 0) {
      const sql =
        `INSERT INTO ${this.#table} (vehicle_no, boot, settled_seq) VALUES ${rows.sort().join(',')}` +
        ' ON DUPLICATE KEY UPDATE settled_seq = GREATEST(settled_seq, VALUES(settled_seq))';
      await connection.query({ sql, timeout: QUERY_TIMEOUT_MS });
    }
    return { acks, settled };
  }

  /** The transaction is committed. */
  committed({ settled }: Advance): void {
    for (const [key, value] of settled) this.#cache.set(key, value);
  }

  async #load(connection: PoolConnection, touched: Map<string, Touched>): Promise<Map<string, Settled>> {
    const known = new Map<string, Settled>();
    const missing: string[] = [];
    for (const [key, { vehicleNo, boot }] of touched) {
      const settled = this.#cache.get(key);
      if (settled) known.set(key, settled);
      else missing.push(`(${vehicleNo},${sqlText(boot)})`);
    }
    if (missing.length === 0) return known;

    const keys = missing.join(',');
    const marks = await query<{ vehicle_no: number; boot: string; settled_seq: number }>(
      connection,
      `SELECT vehicle_no, boot, settled_seq FROM ${this.#table} WHERE (vehicle_no, boot) IN (${keys})`,
    );
    if (marks.length === 0) return known;
    for (const { vehicle_no, boot, settled_seq } of marks) {
      known.set(keyOf(vehicle_no, boot), { mark: settled_seq, above: [] });
    }
    // Gaps and islands: consecutive numbers minus their rank are constant.
    const islands = await query<{ vehicle_no: number; boot: string; low: number; high: number }>(
      connection,
      `SELECT vehicle_no, boot, MIN(seq) AS low, MAX(seq) AS high FROM (
         SELECT s.vehicle_no, s.boot, s.seq,
                s.seq - ROW_NUMBER() OVER (PARTITION BY s.vehicle_no, s.boot ORDER BY s.seq) AS island
         FROM ${this.#table} m JOIN ${this.#samples} s
           ON s.vehicle_no = m.vehicle_no AND s.boot = m.boot AND s.seq > m.settled_seq
         WHERE (m.vehicle_no, m.boot) IN (${keys})
       ) AS numbered GROUP BY vehicle_no, boot, island ORDER BY low`,
    );
    for (const { vehicle_no, boot, low, high } of islands) {
      const key = keyOf(vehicle_no, boot);
      known.set(key, merge(known.get(key)!, [[low, high]]));
    }
    return known;
  }
}

const keyOf = (vehicleNo: number, boot: string) => `${vehicleNo}/${boot}`;

async function query<T>(connection: PoolConnection, sql: string): Promise<T[]> {
  const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout: QUERY_TIMEOUT_MS });
  return rows as T[];
}

function touchedBy(stored: Item[], refused: Refused[]): Map<string, Touched> {
  const touched = new Map<string, Touched>();
  const touch = (of: Item | Refused, { boot, seq }: Position, start: number) => {
    if (seq === undefined || of.vehicle_no === undefined) return;
    const key = keyOf(of.vehicle_no, String(boot ?? ''));
    const stream = touched.get(key);
    if (!stream) {
      const ack = { params: of.params, boot, seq };
      touched.set(key, { vehicleNo: of.vehicle_no, boot: String(boot ?? ''), seqs: [seq], start, ack });
      return;
    }
    stream.seqs.push(seq);
    stream.start = Math.min(stream.start, start);
    stream.ack.boot = boot;
  };
  for (const item of stored) {
    const position = item.value as Position;
    touch(item, position, position.seq ?? Number.POSITIVE_INFINITY);
  }
  for (const entry of refused) touch(entry, entry, Number.POSITIVE_INFINITY);
  return touched;
}
