/**
 * The settled part of a sequence: everything from its start up to `mark`, and ranges above a gap.
 * Values are immutable: a transaction that fails leaves nothing behind.
 */
export interface Settled {
  mark: number;
  /** Disjoint, ascending, none adjacent to another or to the mark: [from, to]. */
  above: ReadonlyArray<readonly [number, number]>;
}

/** A device that leaves ever new gaps costs this much memory, not more; its ack stays at the first gap. */
const MAX_RANGES = 1_000;

/** The same with these numbers settled as well, in whatever order they come. */
export function settle(settled: Settled, seqs: readonly number[]): Settled {
  const ranges: Array<[number, number]> = [];
  for (const seq of seqs.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && seq <= last[1] + 1) last[1] = Math.max(last[1], seq);
    else ranges.push([seq, seq]);
  }
  return merge(settled, ranges);
}

/** @param ranges disjoint, ascending */
export function merge(settled: Settled, ranges: ReadonlyArray<readonly [number, number]>): Settled {
  let { mark } = settled;
  const above: Array<[number, number]> = [];
  const all = settled.above.length === 0 ? ranges : [...settled.above, ...ranges].sort((a, b) => a[0] - b[0]);
  for (const [from, to] of all) {
    const last = above.at(-1);
    if (from <= mark + 1) mark = Math.max(mark, to);
    else if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else above.push([from, to]);
  }
  return { mark, above: above.slice(0, MAX_RANGES) };
}
