/** `batch store`: a batch becomes rows, in one transaction. See its help in the editor. */
import { Retry } from '../shared/ingest/retry.ts';
import { createPool, databaseOptions } from '../shared/mysql.ts';
import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { COLUMN_TYPES, type Column, type Identity } from './columns.ts';
import { BatchStoreController } from './controller.ts';
import { StoreMetrics } from './metrics.ts';
import { Store } from './store.ts';

interface Config {
  database: string;
  table: string;
  columns: Column[];
  identity: Identity;
  /** Table of the marks; empty: no acks. */
  streams: string;
  acksTopic: string;
  errorsTopic: string;
}

export default (red: Red) =>
  registerNode<Config>(red, 'batch store', ({ node, config }) => {
    const { table, columns, identity, streams, acksTopic, errorsTopic } = config;
    if (!table || columns.length === 0) throw new Error('Name a table and its columns.');
    const unknown = columns.find(({ type }) => !COLUMN_TYPES.includes(type));
    if (unknown) throw new Error(`Column "${unknown.column}" has no known type.`);
    // A pool of its own: MySQL counts an unchanged row as affected where FOUND_ROWS is on, and with that
    // duplicates could not be told from new rows.
    const pool = createPool({
      ...databaseOptions(red, config.database),
      connectionLimit: 1,
      flags: ['-FOUND_ROWS'],
      // Statements come complete, megabytes of them: they are not searched for placeholders.
      queryFormat: (sql: string) => sql,
    });
    return new BatchStoreController({
      store: new Store({ pool, table, columns, identity, streams: streams || undefined }),
      retry: new Retry(node),
      metrics: new StoreMetrics(table),
      acksTopic,
      errorsTopic,
      closePool: () => pool.end(),
    });
  });
