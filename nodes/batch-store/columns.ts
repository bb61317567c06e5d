/**
 * Items as rows of a table. What identifies a row decides what "stored once" means:
 *
 * - `sequence`: (owner, boot, seq). An item without `seq` is identified by its content: boot '#' and 63 bits
 *   of a hash, because the same vehicle, time and values are the same sample.
 * - `message`: an `identity` column. With a time of its own, an item is identified by its content; without
 *   one, each new message is a row of its own (see redelivery.ts).
 */
import type { Item } from '../shared/ingest/batch.ts';
import { sqlBinary, sqlName, sqlNumber, sqlText, sqlTime } from '../shared/ingest/sql-text.ts';
import { digest } from './digest.ts';
import type { Row } from './insert.ts';
import { passingIdentity } from './redelivery.ts';

export const COLUMN_TYPES = ['number', 'text', 'time', 'json'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** `from` is a property of the item: `vehicle_no`, `arrival`, `ts`, or `value.<property>`. */
export interface Column {
  column: string;
  from: string;
  type: ColumnType;
}

export type Identity = 'sequence' | 'message';

const VALUE = 'value.';
const IDENTITY_BYTES = 16;

export class Rows {
  /** `INSERT INTO … VALUES ` */
  readonly head: string;
  /** A row that is there already stays as it is. INSERT IGNORE would also swallow truncation and NULLs. */
  readonly tail: string;
  readonly #columns: Column[];
  readonly #identity: Identity;

  constructor(table: string, columns: Column[], identity: Identity) {
    const own = identity === 'sequence' ? ['boot', 'seq'] : ['identity'];
    const names = [...columns.map(({ column }) => column), ...own].map(sqlName);
    this.head = `INSERT INTO ${sqlName(table)} (${names.join(',')}) VALUES `;
    this.tail = ` ON DUPLICATE KEY UPDATE ${names[0]} = ${names[0]}`;
    this.#columns = columns;
    this.#identity = identity;
  }

  row(item: Item): Row {
    let all = '';
    let content = '';
    for (const { from, type } of this.#columns) {
      const literal = literalOf(read(item, from), type);
      all += `${literal},`;
      if (from.startsWith(VALUE)) content += `${literal},`;
    }
    if (this.#identity === 'sequence') return { item, sql: `(${all}${positionOf(item, content)})` };
    const identity =
      item.ts === null
        ? passingIdentity(item, content)
        : digest(`${item.ts}|${content}`).subarray(0, IDENTITY_BYTES);
    return { item, sql: `(${all}${sqlBinary(identity)})`, identity };
  }
}

/** boot, seq */
function positionOf(item: Item, content: string): string {
  const { boot, seq } = item.value as { boot?: string | number; seq?: number };
  if (seq !== undefined) return `${sqlText(String(boot ?? ''))},${seq}`;
  return `'#',${digest(`${item.ts}|${boot ?? ''}|${content}`).readBigUInt64BE() >> 1n}`;
}

function read(item: Item, from: string): unknown {
  if (from.startsWith(VALUE)) return item.value[from.slice(VALUE.length)];
  // A device that names no time means now.
  if (from === 'ts') return item.ts ?? Math.floor(item.arrival / 1000);
  return (item as unknown as Record<string, unknown>)[from];
}

function literalOf(value: unknown, type: ColumnType): string {
  if (value === undefined || value === null) return 'NULL';
  switch (type) {
    case 'number':
      return sqlNumber(value);
    case 'text':
      return sqlText(String(value));
    case 'time':
      return sqlTime(value as number);
    case 'json':
      return sqlText(JSON.stringify(value));
  }
}
