/** What `/metrics` tells about a node that stores batches. */
import { counter, histogram } from '../shared/metrics.ts';
import type { Stored } from './store.ts';

export class StoreMetrics {
  readonly #table: string;
  readonly #items = counter('cauce_ingest_stored_total', 'Items committed, duplicates included', ['table']);
  readonly #duplicates = counter('cauce_ingest_duplicates_total', 'Items that were stored before', ['table']);
  readonly #refused = counter('cauce_ingest_refused_total', 'Items and messages that were refused', [
    'table',
    'code',
  ]);
  readonly #commit = histogram(
    'cauce_ingest_commit_seconds',
    'Duration of the transaction of one batch',
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    ['table'],
  );

  /** @param table names the series */
  constructor(table: string) {
    this.#table = table;
  }

  async timed<T>(work: () => Promise<T>): Promise<T> {
    const end = this.#commit.startTimer({ table: this.#table });
    const result = await work();
    end();
    return result;
  }

  stored({ items, duplicates, refused }: Stored): void {
    const table = this.#table;
    this.#items.inc({ table }, items.length);
    this.#duplicates.inc({ table }, duplicates);
    for (const { code } of refused) this.#refused.inc({ table, code });
  }
}
