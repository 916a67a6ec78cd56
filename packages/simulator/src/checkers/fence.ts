import type { Checker, JournalEntry } from "../world/journal.ts";

/** S8: after a leader has read, no write of an earlier term gets through. */
export class FenceChecker implements Checker {
  readonly #read = new Map<string, bigint>();

  see(entry: JournalEntry, report: (message: string) => void): void {
    if (entry.kind === "resource-read") {
      const before = this.#read.get(entry.election) ?? 0n;
      if (entry.term > before) this.#read.set(entry.election, entry.term);
    } else if (entry.kind === "resource-write" && entry.admitted) {
      const read = this.#read.get(entry.election) ?? 0n;
      if (entry.term >= read) return;
      report(`a write of term ${entry.term} landed after the leader of term ${read} had read`);
    }
  }
}
