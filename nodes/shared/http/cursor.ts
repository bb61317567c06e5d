/**
 * Cursors of keyset lists. A cursor holds the sort columns of the last row of a page; the next page begins
 * after them, whatever was inserted meanwhile.
 */
import { Problem } from '../problem.ts';
import { toSqlTime } from './time.ts';

/** The columns of an ORDER BY … DESC, in order. */
export type PageColumns = Readonly<Record<string, 'number' | 'time'>>;
export type Position = Record<string, number | string>;

// Above every value: a list without a cursor starts at the newest.
const ABOVE = { number: Number.MAX_SAFE_INTEGER, time: '9999-12-31 23:59:59.999' } as const;

const SQL_TIME = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3}$/;

/** The values for `after_<column>` of a list without a cursor. */
export function firstPosition(columns: PageColumns): Position {
  return Object.fromEntries(Object.entries(columns).map(([name, kind]) => [name, ABOVE[kind]]));
}

/** @param row the last row of a page, as it came from the database */
export function encodeCursor(columns: PageColumns, row: Record<string, unknown>): string {
  const position = Object.entries(columns).map(([name, kind]) => {
    if (row[name] === undefined || row[name] === null) {
      throw new Error(`The contract's page names the column ${name}, which the row does not have.`);
    }
    return kind === 'number' ? Number(row[name]) : toSqlTime(row[name]);
  });
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws Problem `schema` for what is no cursor of this list */
export function decodeCursor(columns: PageColumns, cursor: string): Position {
  const names = Object.entries(columns);
  let values: unknown;
  try {
    values = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    values = undefined;
  }
  const valid =
    Array.isArray(values) &&
    values.length === names.length &&
    names.every(([, kind], index) => fits(kind, (values as unknown[])[index]));
  if (!valid) {
    const errors = [{ pointer: '/cursor', detail: 'is not the `next` of a page of this list' }];
    throw new Problem('schema', undefined, { errors });
  }
  return Object.fromEntries(names.map(([name], index) => [name, (values as (number | string)[])[index]!]));
}

function fits(kind: 'number' | 'time', value: unknown): boolean {
  return kind === 'number' ? Number.isSafeInteger(value) : typeof value === 'string' && SQL_TIME.test(value);
}
