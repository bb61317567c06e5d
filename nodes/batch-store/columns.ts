/**
 * Items as rows of a table. What identifies a row decides what "stored once" means:
 *
 * - `sequence`: (owner, boot, seq). An item without `seq` is identified by its content: boot '#' and 63 bits
 *   of a hash, because the same vehicle, time and values are the same sample.
 * - `message`: an `identity` column. With a time of its own, an item is identified by its content; without
 *   one, each new message is a row of its own (see redelivery.ts). One that is sent again is still one row, but
 *   the newest: a last will that names a time says the same at the end of each session.
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
  /** What becomes of a row that is there already. INSERT IGNORE would also swallow truncation and NULLs. */
  readonly tail: string;
  readonly #writers: Writer[];
  readonly #identity: Identity;

  constructor(table: string, columns: Column[], identity: Identity) {
    const own = identity === 'sequence' ? ['boot', 'seq'] : ['identity'];
    const names = [...columns.map(({ column }) => column), ...own].map(sqlName);
    this.head = `INSERT INTO ${sqlName(table)} (${names.join(',')}) VALUES `;
    const again = identity === 'sequence' ? `${names[0]} = ${names[0]}` : 'arrival = VALUES(arrival)';
    this.tail = ` ON DUPLICATE KEY UPDATE ${again}`;
    this.#writers = columns.map(writerOf);
    this.#identity = identity;
  }

  row(item: Item): Row {
    const literals = this.#writers.map(({ write }) => write(item));
    if (this.#identity === 'sequence') {
      literals.push(this.#position(item, literals));
      return { item, sql: `(${literals.join()})` };
    }
    const content = this.#content(literals);
    const identity =
      item.ts === null
        ? passingIdentity(item, content)
        : digest(`${item.ts}|${content}`).subarray(0, IDENTITY_BYTES);
    literals.push(sqlBinary(identity));
    return { item, sql: `(${literals.join()})`, identity };
  }

  /** boot, seq */
  #position(item: Item, literals: string[]): string {
    const { boot, seq } = item.value as { boot?: string | number; seq?: number };
    if (seq !== undefined) return `${sqlText(String(boot ?? ''))},${seq}`;
    const hash = digest(`${item.ts}|${boot ?? ''}|${this.#content(literals)}`);
    return `'#',${hash.readBigUInt64BE() >> 1n}`;
  }

  /** What the device said, apart from the time. */
  #content(literals: string[]): string {
    return literals.filter((_, index) => this.#writers[index]!.isContent).join();
  }
}

interface Writer {
  /** The literal of one column. */
  write(item: Item): string;
  /** Is it a part of what the device said, apart from the time? */
  isContent: boolean;
}

function writerOf({ from, type }: Column): Writer {
  const isContent = from.startsWith(VALUE);
  const literal = literals[type];
  const read = isContent ? propertyReader(from.slice(VALUE.length)) : itemReader(from);
  return {
    isContent,
    write(item) {
      const value = read(item);
      return value === undefined || value === null ? 'NULL' : literal(value);
    },
  };
}

const propertyReader = (name: string) => (item: Item) => item.value[name];

function itemReader(name: string): (item: Item) => unknown {
  // A device that names no time means now.
  if (name === 'ts') return ({ ts, arrival }) => ts ?? Math.floor(arrival / 1000);
  return (item) => (item as unknown as Record<string, unknown>)[name];
}

const literals: Record<ColumnType, (value: unknown) => string> = {
  number: sqlNumber,
  text: (value) => sqlText(String(value)),
  time: (value) => sqlTime(value as number),
  json: (value) => sqlText(JSON.stringify(value)),
};
