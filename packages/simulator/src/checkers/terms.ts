import type { Checker, JournalEntry } from "../world/journal.ts";
import type { EarlyEnds } from "./early-ends.ts";

type Report = (message: string, invariant?: string) => void;

/**
 * S2: the terms of mandates grow strictly, so one claim gives one mandate at most. After a store
 * went back in time, a process still refuses to lead in a term that is not above all that it has
 * seen at the head. S3: whoever leads was shown first by a linearizable answer.
 */
export class TermsChecker implements Checker {
  readonly #latest = new Map<string, bigint>();
  /** The highest term of a head that a process was shown, by process and election. */
  readonly #seen = new Map<string, bigint>();
  readonly #owners = new Map<string, number>();
  readonly #confirmed = new Map<string, bigint>();
  readonly #earlyEnds: EarlyEnds;
  #termFloor = 0n;
  #regressed = false;

  constructor(earlyEnds: EarlyEnds) {
    this.#earlyEnds = earlyEnds;
  }

  see(entry: JournalEntry, report: Report): void {
    if (entry.kind === "seen") {
      const head = entry.snapshot.claims[0];
      if (head === undefined) return;
      const key = `${entry.process} ${entry.election}`;
      const term = head.term + this.#termFloor;
      if (entry.source === "answer") this.#confirmed.set(key, term);
      // One's own claim at the head has not led yet, perhaps; when it has, that is noted below.
      const own = this.#owners.get(head.sessionId) === entry.process;
      if (!own && term > (this.#seen.get(key) ?? 0n)) this.#seen.set(key, term);
    } else if (entry.kind === "session-opening") {
      for (const map of [this.#seen, this.#confirmed]) {
        for (const key of map.keys()) if (key.startsWith(`${entry.process} `)) map.delete(key);
      }
    } else if (entry.kind === "store-regressed") this.#regressed = true;
    else if (entry.kind === "term-floor-raised") {
      this.#termFloor = entry.termFloor;
      this.#regressed = false;
    } else if (entry.kind === "event" && entry.event.type === "session-opened") {
      this.#owners.set(entry.event.sessionId, entry.process);
    } else if (entry.kind === "event" && entry.event.type === "elected") {
      this.#seeElected(entry.process, entry.event, report);
    }
  }

  #seeElected(
    process: number,
    { election, term }: { readonly election: string; readonly term: bigint },
    report: Report,
  ): void {
    const key = `${process} ${election}`;
    const latest = this.#latest.get(election) ?? 0n;
    if (term <= latest && !this.#regressed && !this.#earlyEnds.has({ election, term })) {
      report(`p${process} leads ${election} in term ${term} after term ${latest}`);
    }
    const seen = this.#seen.get(key) ?? 0n;
    if (term < seen) report(`p${process} leads ${election} in term ${term}, but has seen ${seen}`);
    if (term > latest) this.#latest.set(election, term);
    if (term > seen) this.#seen.set(key, term);
    if (this.#confirmed.get(key) !== term) {
      report(`p${process} leads ${election} in term ${term} without having confirmed it`, "S3");
    }
  }
}
