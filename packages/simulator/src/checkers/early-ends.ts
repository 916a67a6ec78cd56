import type { Checker, JournalEntry } from "../world/journal.ts";

/**
 * Which claims were ended neither by expiry nor by their owners: by hand, or because the store went
 * back in time. About their mandates nothing is promised but what the terms do.
 */
export class EarlyEnds implements Checker {
  readonly #claims = new Set<string>();
  #termFloor = 0n;

  /** True when the claim behind this mandate was ended early. */
  has(mandate: { readonly election: string; readonly term: bigint }): boolean {
    return this.#claims.has(`${mandate.election} ${mandate.term}`);
  }

  see(entry: JournalEntry): void {
    if (entry.kind === "term-floor-raised") this.#termFloor = entry.termFloor;
    if (entry.kind !== "claim-removed") return;
    if (entry.cause !== "by-hand" && entry.cause !== "restore") return;
    const { election, term } = entry.claim;
    this.#claims.add(`${election} ${term + this.#termFloor}`);
  }
}
