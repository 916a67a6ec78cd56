/** From a point up to, not including, another. */
export interface Interval {
  readonly from: number;
  readonly until: number;
}

/** Where the most intervals overlap. */
export interface Overlap<Owner> {
  /** How many; 0 when there are none at all. */
  readonly count: number;
  /** The first point where so many do. */
  readonly at: number;
  /** Whose they are. */
  readonly owners: readonly Owner[];
}

/** The largest number of owned intervals that share a point. */
export function largestOverlap<Owner>(
  intervals: readonly (Interval & { readonly owner: Owner })[],
): Overlap<Owner> {
  const begins = intervals.toSorted((a, b) => a.from - b.from);
  const ends = intervals.toSorted((a, b) => a.until - b.until);
  const open = new Set<(typeof intervals)[number]>();
  let largest: Overlap<Owner> = { count: 0, at: 0, owners: [] };
  let ended = 0;
  for (const next of begins) {
    if (!(next.from < next.until)) continue;
    for (let end = ends[ended]; end !== undefined && end.until <= next.from; end = ends[ended]) {
      open.delete(end);
      ended += 1;
    }
    open.add(next);
    if (open.size > largest.count) {
      largest = { count: open.size, at: next.from, owners: [...open].map(({ owner }) => owner) };
    }
  }
  return largest;
}
