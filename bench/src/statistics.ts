import type { Figures } from "./row.ts";

/** The middle value, or the mean of the two. @throws `RangeError` when there is none */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("no value was measured");
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

/**
 * Compares what was measured in the same rounds, each with its neighbour: the ratio is the median
 * of the rounds' ratios, so that what slowed a round down as a whole counts for neither side.
 */
export function compare(ours: readonly number[], reference: readonly number[]): Figures {
  const ratios = ours.map((value, round) => value / (reference[round] ?? Number.NaN));
  return { ours: median(ours), reference: median(reference), ratio: median(ratios) };
}
