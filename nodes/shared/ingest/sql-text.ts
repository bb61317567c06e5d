/**
 * SQL literals, written by ourselves because a batch is thousands of them. Nothing here depends on the
 * server's sql_mode: a text that would need escaping is written in hexadecimal.
 */

/** Printable, without what could end or escape a literal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it excludes
const PLAIN = /^[^'\\\u0000-\u001f\u007f]*$/;

export function sqlText(text: string): string {
  return PLAIN.test(text) ? `'${text}'` : `_utf8mb4 X'${Buffer.from(text).toString('hex')}'`;
}

/** @param value anything; what is no finite number is written as text, for the server to refuse */
export function sqlNumber(value: unknown): string {
  return Number.isFinite(value) ? `${value}` : sqlText(String(value));
}

/** A DATETIME(3) in UTC. @param time milliseconds since 1970 */
export function sqlTime(time: number): string {
  return `'${new Date(time).toISOString().slice(0, 23).replace('T', ' ')}'`;
}

export function sqlBinary(bytes: Buffer): string {
  return `X'${bytes.toString('hex')}'`;
}

export function sqlName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
