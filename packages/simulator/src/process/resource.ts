import type { Journal } from "../world/journal.ts";

/**
 * What leaders write to: it remembers the highest term of each election that it has seen and
 * refuses less.
 */
export class Resource {
  readonly #journal: Journal;
  readonly #highest = new Map<string, bigint>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Refuses terms below this one from now on. False when it has seen a higher one. */
  raise(election: string, term: bigint): boolean {
    if (term < (this.#highest.get(election) ?? 0n)) return false;
    this.#highest.set(election, term);
    return true;
  }

  /** What a leader builds its work on. */
  read(election: string, term: bigint): void {
    this.#journal.write({ kind: "resource-read", election, term });
  }

  /** Takes a write, or refuses it. */
  write(election: string, term: bigint): boolean {
    const admitted = this.raise(election, term);
    this.#journal.write({ kind: "resource-write", election, term, admitted });
    return admitted;
  }
}
