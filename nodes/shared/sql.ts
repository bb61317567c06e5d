/**
 * Statements with `:name` parameters, compiled to the `?` of prepared statements. The server receives text and
 * values apart, so no value can become SQL, whatever the server's `sql_mode` says about escapes.
 */
export type SqlValue = string | number | bigint | boolean | Date | Buffer | null;

export interface CompiledSql {
  /** With `?` for each parameter. */
  text: string;
  /** Names in the order of the `?`; one that occurs twice stands twice. */
  names: readonly string[];
}

// What may hold a colon or a question mark that is none: strings, quoted names, comments; `:=`, which assigns.
const TOKENS =
  /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|\/\*[\s\S]*?\*\/|(?:--(?=\s|$)|#)[^\n]*|:=|:([A-Za-z_]\w*)|\?|['"`]|\/\*/g;

/** @throws SyntaxError for a `?` of the author's own, and for a quote or comment that does not end */
export function compileSql(sql: string): CompiledSql {
  const names: string[] = [];
  const text = sql.replace(TOKENS, (token, name: string | undefined) => {
    if (name !== undefined) {
      names.push(name);
      return '?';
    }
    if (token === '?') throw new SyntaxError('Write parameters as :name, not as a question mark.');
    if (/^(['"`]|\/\*)$/.test(token)) throw new SyntaxError(`There is a ${token} that is not closed.`);
    return token;
  });
  if (text.trim() === '') throw new SyntaxError('The statement is empty.');
  return { text, names };
}

/**
 * The values of a statement's parameters, in order.
 *
 * @throws Error for a parameter that is missing, or that is an object: it would have to be text first
 */
export function bindSql({ names }: CompiledSql, parameters: Readonly<Record<string, unknown>>): SqlValue[] {
  return names.map((name) => {
    if (!Object.hasOwn(parameters, name) || parameters[name] === undefined) {
      throw new Error(`msg.payload has no ${name}, which the statement needs.`);
    }
    const value = parameters[name];
    if (typeof value === 'object' && value !== null && !(value instanceof Date) && !Buffer.isBuffer(value)) {
      throw new Error(
        `msg.payload.${name} is an object. A statement takes texts, numbers, booleans and null.`,
      );
    }
    return value as SqlValue;
  });
}
