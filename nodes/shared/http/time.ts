/** The two ways in which a point in time is written: RFC 3339 in JSON, `YYYY-MM-DD HH:MM:SS.mmm` in SQL, both UTC. */

/**
 * RFC 3339 in UTC with milliseconds, of what a database driver returns for a DATETIME in UTC: a Date or the
 * text. Epoch milliseconds work too. Undefined for what is none of these.
 */
export function toIso(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  let date: Date;
  if (value instanceof Date) date = value;
  else if (typeof value === 'number') date = new Date(value);
  else {
    const text = String(value);
    // Without an offset it is a DATETIME, which all of our schema keeps in UTC.
    date = new Date(/[Zz]$|[+-]\d{2}:?\d{2}$/.test(text) ? text : `${text.replace(' ', 'T')}Z`);
  }
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** A literal for DATETIME(3), which does not take RFC 3339's `T` and `Z` on every server. */
export function toSqlTime(value: unknown): string | undefined {
  return toIso(value)?.replace('T', ' ').replace('Z', '');
}
