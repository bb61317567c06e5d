/** The table at the end. */
export interface Result {
  what: string;
  value: string;
  /** What must hold, for the reader, and whether it does. */
  bound?: string;
  holds?: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function table(results: readonly Result[]): string {
  const width = Math.max(...results.map(({ what }) => what.length));
  return results
    .map(({ what, value, bound, holds }) => {
      const verdict = bound === undefined ? '' : `  ${bound.padEnd(8)} ${holds ? 'holds' : 'DOES NOT HOLD'}`;
      return `${what.padEnd(width)}  ${value.padStart(8)}${verdict}`;
    })
    .join('\n');
}
