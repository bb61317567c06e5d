/** The ledger of refused traffic: counted by who, where and why, with the beginning of the last one. */
import type { PoolConnection } from 'mysql2/promise';
import type { Refused } from '../shared/ingest/batch.ts';
import { sqlText, sqlTime } from '../shared/ingest/sql-text.ts';
import { QUERY_TIMEOUT_MS } from './insert.ts';

// As wide as the columns of `rejections`.
const ID_CHARACTERS = 64;
const TOPIC_CHARACTERS = 255;

const HEAD = 'INSERT INTO rejections (vehicle_id, topic, code, count, first_seen, last_seen, sample) VALUES ';
const TAIL =
  ' ON DUPLICATE KEY UPDATE count = count + VALUES(count), last_seen = VALUES(last_seen), sample = VALUES(sample)';

export async function enterRefused(connection: PoolConnection, refused: readonly Refused[]): Promise<void> {
  if (refused.length === 0) return;
  const now = sqlTime(Date.now());
  const rows = tally(refused).map(
    ({ id, topic, code, count, sample }) =>
      `(${sqlText(id)},${sqlText(topic)},${sqlText(code)},${count},${now},${now},${sqlText(sample)})`,
  );
  await connection.query({ sql: `${HEAD}${rows.join(',')}${TAIL}`, timeout: QUERY_TIMEOUT_MS });
}

interface Entry {
  id: string;
  topic: string;
  code: string;
  count: number;
  sample: string;
}

/** One entry for each key, in the order of the key: two writers never wait for each other crosswise. */
function tally(refused: readonly Refused[]): Entry[] {
  const entries = new Map<string, Entry>();
  for (const { params, topic, code, sample } of refused) {
    const id = cut(params.vehicle_id ?? Object.values(params).join('/'), ID_CHARACTERS);
    const key = JSON.stringify([id, cut(topic, TOPIC_CHARACTERS), code]);
    const entry = entries.get(key);
    if (entry) Object.assign(entry, { count: entry.count + 1, sample });
    else entries.set(key, { id, topic: cut(topic, TOPIC_CHARACTERS), code, count: 1, sample });
  }
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}

/** Counts characters as the database does: a surrogate pair is one. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : [...text].slice(0, length).join('');
}
