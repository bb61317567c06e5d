/** What JSON allows and no contract can mean. Checked on the parsed value, for every message: it has to be quick. */

/** Deeper than any contract needs. */
export const MAX_DEPTH = 16;

/**
 * @returns false for a value that holds a key `__proto__` (a copy by assignment would set the copy's
 *   prototype), unpaired surrogates (which no UTF-8 column can store) or more than MAX_DEPTH levels
 */
export function isSafeJson(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (depth === MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    for (const element of value) {
      if (!isSafeJson(element, depth + 1)) return false;
    }
    return true;
  }
  for (const key in value) {
    if (key === '__proto__' || !key.isWellFormed()) return false;
    if (!isSafeJson((value as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return true;
}
