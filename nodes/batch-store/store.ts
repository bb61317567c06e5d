/**
 * One batch, one transaction: its rows, how far its streams got, and what was refused. Run again after a
 * lost answer it changes nothing but the ledger's counts.
 */
import type { Pool, PoolConnection, RowDataPacket } from 'mysql2/promise';
import { type Batch, type Item, type Refused, refuse } from '../shared/ingest/batch.ts';
import { inTransaction } from '../shared/mysql.ts';
import { type Column, type Identity, Rows } from './columns.ts';
import { insertRows } from './insert.ts';
import { enterRefused } from './ledger.ts';
import { withoutRedelivered } from './redelivery.ts';
import { type Ack, Streams } from './streams.ts';

export interface StoreOptions {
  pool: Pool;
  table: string;
  columns: Column[];
  identity: Identity;
  /** Table of the marks; undefined where there are no streams to acknowledge. */
  streams: string | undefined;
}

export interface Stored {
  items: Item[];
  refused: Refused[];
  acks: Ack[];
  duplicates: number;
}

/** Statements far smaller than any server's limit are as quick as larger ones. */
const STATEMENT_BYTES = 1_048_576;

export class Store {
  readonly #options: StoreOptions;
  readonly #rows: Rows;
  readonly #streams: Streams | undefined;
  #statementBytes = 0;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#rows = new Rows(options.table, options.columns, options.identity);
    this.#streams = options.streams ? new Streams(options.streams, options.table) : undefined;
  }

  /** @throws what is the server's fault; rows that it refuses come back among the refused */
  async store(batch: Batch): Promise<Stored> {
    // In the order of the key: neighbours share pages, and no two writers wait for each other crosswise.
    const items = batch.items.toSorted(
      (a, b) =>
        (a.vehicle_no ?? 0) - (b.vehicle_no ?? 0) || (a.ts ?? 0) - (b.ts ?? 0) || a.arrival - b.arrival,
    );
    const rows = items.map((item) => this.#rows.row(item));
    const { stored, advance } = await inTransaction(this.#options.pool, async (connection) => {
      const fresh =
        this.#options.identity === 'message'
          ? await withoutRedelivered(connection, this.#options.table, rows)
          : rows;
      const limit = await this.#limit(connection);
      const { duplicates, unstorable } = await insertRows(connection, this.#rows, fresh, limit);
      const bad = new Set(unstorable);
      const refused = [
        ...batch.refused,
        ...unstorable.map((item) => refuse(item, 'unstorable', 'The database refused this message.')),
      ];
      const good = bad.size === 0 ? items : items.filter((item) => !bad.has(item));
      const advance = await this.#streams?.advance(connection, good, refused);
      await enterRefused(connection, refused);
      const stored: Stored = {
        items: good,
        refused,
        acks: advance?.acks ?? [],
        duplicates: duplicates + rows.length - fresh.length,
      };
      return { stored, advance };
    });
    if (advance) this.#streams!.committed(advance);
    return stored;
  }

  /** Bytes of the rows of one statement. */
  async #limit(connection: PoolConnection): Promise<number> {
    if (this.#statementBytes === 0) {
      const [rows] = await connection.query<RowDataPacket[]>('SELECT @@max_allowed_packet AS bytes');
      this.#statementBytes = Math.min(STATEMENT_BYTES, rows[0]!.bytes / 2);
    }
    return this.#statementBytes;
  }
}
