/**
 * Lets through what registered vehicles sent. The broker has checked who publishes to which topic; this
 * checks the registration records, for each batch anew: a revoked vehicle is refused from the next one on.
 */
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { type Batch, batchOf, type Item, isDeviceId, refuse } from '../shared/ingest/batch.ts';
import type { Retry } from '../shared/ingest/retry.ts';
import { holding } from '../shared/ingest/settlement.ts';
import type { Controller } from '../shared/node.ts';
import type { Message } from '../shared/red.ts';

export interface VehicleAuthOptions {
  pool: Pool;
  retry: Retry;
  closePool(): Promise<void>;
}

const QUERY_TIMEOUT_MS = 30_000;

export class VehicleAuthController implements Controller {
  readonly #options: VehicleAuthOptions;
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: VehicleAuthOptions) {
    this.#options = options;
  }

  input(message: Message): Promise<Message> {
    const batch = batchOf(message);
    const result = holding(batch.token, async () => {
      const numbers = await this.#options.retry.until(() => this.#registered(idsOf(batch)));
      authenticate(batch, numbers);
      return message;
    });
    this.#working = result.catch(() => {});
    return result;
  }

  async close(): Promise<void> {
    this.#options.retry.close();
    await this.#working;
    await this.#options.closePool();
  }

  /** The numbers of those of these vehicles that are registered. */
  async #registered(ids: string[]): Promise<Map<string, number>> {
    if (ids.length === 0) return new Map();
    const sql = `SELECT id, no FROM vehicles WHERE state = 'registered' AND id IN (?)`;
    const [rows] = await this.#options.pool.query<RowDataPacket[]>(
      { sql, timeout: QUERY_TIMEOUT_MS, rowsAsArray: true },
      [ids],
    );
    return new Map(rows as unknown as Array<[string, number]>);
  }
}

/** The ids named by the topics; of what was refused already as well, since its place in a stream settles. */
function idsOf({ items, refused }: Batch): string[] {
  const ids = new Set<string>();
  for (const { params } of items) ids.add(params.vehicle_id ?? '');
  for (const { params, seq } of refused) if (seq !== undefined) ids.add(params.vehicle_id ?? '');
  return [...ids].filter(isDeviceId);
}

/** Numbers the items of registered vehicles and refuses the others. */
export function authenticate(batch: Batch, numbers: ReadonlyMap<string, number>): void {
  const known: Item[] = [];
  for (const item of batch.items) {
    const number = numbers.get(item.params.vehicle_id ?? '');
    if (number === undefined) {
      batch.refused.push(refuse(item, 'not_registered', 'This vehicle is not registered.'));
      continue;
    }
    item.vehicle_no = number;
    known.push(item);
  }
  batch.items = known;
  for (const refused of batch.refused) {
    const number = numbers.get(refused.params.vehicle_id ?? '');
    if (number !== undefined) refused.vehicle_no = number;
  }
}
