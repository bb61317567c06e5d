/** Request bodies that are JSON: strictly UTF-8, of bounded depth, without keys that reach a prototype. */
import { Problem } from '../problem.ts';

/** Deeper than any contract needs, far from where recursion over a value would exhaust the stack. */
export const MAX_DEPTH = 64;

// `ignoreBOM` keeps a byte order mark in the text, where JSON.parse refuses it (RFC 8259 section 8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * @throws Problem `invalid_json` for what is not JSON or nested too deeply; `schema` for a key or a text that
 *   no contract can mean: `__proto__`, unpaired surrogates (which the database would store as `?`)
 */
export function parseJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    // The engine's message would quote the input; a detail of ours does not.
    throw new Problem('invalid_json', undefined, { cause: error });
  }
  inspect(value, 0, '');
  return value;
}

function inspect(value: unknown, depth: number, pointer: string): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) refuse(pointer, 'holds an unpaired surrogate');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth === MAX_DEPTH) throw new Problem('invalid_json', `Nested deeper than ${MAX_DEPTH} levels.`);
  for (const [key, member] of Object.entries(value)) {
    // A copy by assignment (`to[key] = …`) would set the copy's prototype: prototype pollution.
    if (key === '__proto__') refuse(`${pointer}/__proto__`, 'is not a known property');
    inspect(member, depth + 1, `${pointer}/${escapeToken(key)}`);
  }
}

function refuse(pointer: string, detail: string): never {
  throw new Problem('schema', undefined, { errors: [{ pointer, detail }] });
}

/** One step of a JSON Pointer (RFC 6901 section 4). */
export function escapeToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
