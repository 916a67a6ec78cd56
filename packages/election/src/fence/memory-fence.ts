import { readFencedTerm, staleTerm, type FencedTerm } from "./fenced-mandate.ts";

/** A fence that lives as long as its process. */
export interface MemoryFence {
  /**
   * Remembers the term if it is the greatest so far; equal terms pass. Call it right before each
   * effect, with no `await` in between, and once before the first read.
   * @throws `STALE_TERM` when a greater term was here; `MANDATE_LOST` by the mandate itself
   */
  admit(mandate: FencedTerm): void;
}

/**
 * A fence for what itself lives in this process's memory only: a restart forgets both. What
 * outlives the process needs a fence that does so too, in the same place (`postgresFence`,
 * `sqliteFence`).
 */
export function memoryFence(): MemoryFence {
  const seen = new Map<string, bigint>();
  return {
    admit(mandate) {
      const fenced = readFencedTerm(mandate);
      const seenTerm = seen.get(fenced.election);
      if (seenTerm !== undefined && seenTerm > fenced.term) {
        throw staleTerm(fenced, seenTerm);
      }
      seen.set(fenced.election, fenced.term);
    },
  };
}
