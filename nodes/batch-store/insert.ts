/** Multi-row inserts, and finding the rows that the database refuses among those that it takes. */
import type { PoolConnection, ResultSetHeader } from 'mysql2/promise';
import type { Item } from '../shared/ingest/batch.ts';

export interface Row {
  item: Item;
  /** `(…)` */
  sql: string;
  /** Of a table whose rows have one of their own. */
  identity?: Buffer;
}

export interface Inserted {
  duplicates: number;
  /** Rows that this database will never take. */
  unstorable: Item[];
}

interface Statement {
  head: string;
  tail: string;
}

export const QUERY_TIMEOUT_MS = 30_000;

/**
 * Inserts rows in statements of at most `maxBytes`. A statement that fails for its data is undone by the
 * server as a whole, and split: in some 2 log2(n) statements the bad row is alone.
 * @throws what is not the data's fault
 */
export async function insertRows(
  connection: PoolConnection,
  statement: Statement,
  rows: Row[],
  maxBytes: number,
): Promise<Inserted> {
  const result: Inserted = { duplicates: 0, unstorable: [] };
  for (const chunk of chunksOf(rows, maxBytes)) await insertChunk(connection, statement, chunk, result);
  return result;
}

async function insertChunk(
  connection: PoolConnection,
  { head, tail }: Statement,
  rows: Row[],
  result: Inserted,
): Promise<void> {
  const sql = `${head}${rows.map((row) => row.sql).join(',')}${tail}`;
  try {
    const [{ affectedRows }] = await connection.query<ResultSetHeader>({ sql, timeout: QUERY_TIMEOUT_MS });
    // A new row counts 1; one that was there counts 0 where it stays as it is, 2 where it is updated.
    result.duplicates += Math.abs(rows.length - affectedRows);
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (rows.length === 1) {
      result.unstorable.push(rows[0]!.item);
      return;
    }
    const middle = rows.length >> 1;
    await insertChunk(connection, { head, tail }, rows.slice(0, middle), result);
    await insertChunk(connection, { head, tail }, rows.slice(middle), result);
  }
}

function* chunksOf(rows: Row[], maxBytes: number): Generator<Row[]> {
  let chunk: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = Buffer.byteLength(row.sql) + 1;
    if (chunk.length > 0 && bytes + size > maxBytes) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(row);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}

/** Truncation, wrong values, character sets, check constraints: where they have no class of their own. */
const DATA_ERRORS = new Set([1265, 1300, 1364, 1366, 3819, 4025]);

/**
 * Is the row at fault, and not the server? SQLSTATE classes 22 (data exception) and 23 (integrity
 * constraint), and what both servers report outside of them. Everything else is waited for.
 */
export function isDataError(error: unknown): boolean {
  const { sqlState, errno } = error as { sqlState?: string; errno?: number };
  return /^2[23]/.test(sqlState ?? '') || DATA_ERRORS.has(errno ?? 0);
}
