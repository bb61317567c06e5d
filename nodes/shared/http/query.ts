/** Query strings and urlencoded forms. */

/** A name that occurs once is a string, one that occurs more often an array. */
export function parseQuery(text: string): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = Object.hasOwn(values, name) ? values[name] : undefined;
    const both = before === undefined ? value : [before, value].flat();
    // Not by assignment: the name may be `__proto__`.
    Object.defineProperty(values, name, {
      value: both,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return values;
}

/** Splits what stands in the request line. */
export function splitTarget(url: string): { path: string; query: string } {
  const mark = url.indexOf('?');
  return mark < 0 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}
