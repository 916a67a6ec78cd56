import type { Random } from "./clock.ts";

/** First bound of the back-off: of the size of a round trip between data centres. */
const BASE_MS = 50;

/**
 * How long to wait after `failures` failed calls in a row: full jitter under a doubling bound, so
 * that a crowd that failed together does not come back together.
 */
export function backoffMs(random: Random, failures: number, maxMs: number): number {
  if (failures === 0) return 0;
  return random.fraction() * Math.min(maxMs, BASE_MS * 2 ** Math.min(failures - 1, 20));
}
