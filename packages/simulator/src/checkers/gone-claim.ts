import type { ElectionEvent, ElectionSnapshot } from "@mandate/election";
import type { Checker, JournalEntry, Observer } from "../world/journal.ts";

/** A mandate, and since when the store has been saying that its claim is gone. */
interface Reign {
  readonly term: bigint;
  goneSinceMs: number | undefined;
}

/**
 * A leader finds out within this time, in TTLs: by its audits, or it has had none for TTL + TTL/3
 * and lets its session run out, which takes one more at most.
 */
const BOUND_TTLS = 2.5;

/**
 * S3: a claim that is gone leads no longer. Answers that show the election without it may be of
 * calls that the candidate did not make for that, but not for so long.
 */
export class GoneClaimChecker implements Checker {
  readonly #observer: Observer;
  readonly #boundMs: number;
  readonly #reigns = new Map<string, Reign>();
  #termFloor = 0n;

  constructor(observer: Observer, ttlMs: number) {
    this.#observer = observer;
    this.#boundMs = BOUND_TTLS * ttlMs;
  }

  see(entry: JournalEntry, report: (message: string) => void): void {
    if (entry.kind === "term-floor-raised") this.#termFloor = entry.termFloor;
    else if (entry.kind === "event") this.#seeEvent(entry.process, entry.event);
    else if (entry.kind === "process-ended") {
      for (const key of this.#reigns.keys()) {
        if (key.startsWith(`${entry.process} `)) this.#reigns.delete(key);
      }
    } else if (entry.kind === "seen" && entry.source === "answer") {
      const reign = this.#reigns.get(`${entry.process} ${entry.election}`);
      if (reign !== undefined) this.#look(entry.process, reign, entry.snapshot, report);
    }
  }

  #seeEvent(process: number, event: ElectionEvent): void {
    if (event.type === "elected") {
      const reign = { term: event.term, goneSinceMs: undefined };
      this.#reigns.set(`${process} ${event.election}`, reign);
    } else if (event.type === "draining") {
      this.#reigns.delete(`${process} ${event.election}`);
    }
  }

  #look(
    process: number,
    reign: Reign,
    { claims }: ElectionSnapshot,
    report: (message: string) => void,
  ): void {
    const nowMs = this.#observer.nowMs();
    const isThere = claims.some(({ term }) => term + this.#termFloor === reign.term);
    if (isThere) reign.goneSinceMs = undefined;
    else reign.goneSinceMs ??= nowMs;
    const goneMs = nowMs - (reign.goneSinceMs ?? nowMs);
    if (goneMs <= this.#boundMs) return;
    report(
      `p${process} leads in term ${reign.term} though its claim has been gone for ${goneMs} ms`,
    );
  }
}
