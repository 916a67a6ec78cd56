import type { ElectionEvent, OverrunPolicy } from "@mandate/election";
import type { Checker, JournalEntry, Observer } from "../world/journal.ts";

interface Running {
  readonly process: number;
  overrun: boolean;
  /** When its mandate ends, on its machine's monotonic clock, once that is settled. */
  untilMs: number;
}

/**
 * S5: a claim is given back only after its work has settled, unless the work outlived its mandate
 * and the owner chose to release. S7: a request removes one's own claim and none else.
 */
export class ReleaseChecker implements Checker {
  readonly #observer: Observer;
  readonly #policyOf: (process: number) => OverrunPolicy;
  /** Work that runs, by election and term. */
  readonly #running = new Map<string, Running>();
  /** Sessions that their process has counted out, or heard to be gone. */
  readonly #lost = new Set<string>();
  readonly #owners = new Map<string, number>();
  #termFloor = 0n;

  constructor(observer: Observer, policyOf: (process: number) => OverrunPolicy) {
    this.#observer = observer;
    this.#policyOf = policyOf;
  }

  see(entry: JournalEntry, report: (message: string, invariant?: string) => void): void {
    switch (entry.kind) {
      case "work-started":
        this.#running.set(keyOf(entry), {
          process: entry.process,
          overrun: false,
          untilMs: Infinity,
        });
        return;
      case "work-settled":
        this.#running.delete(keyOf(entry));
        return;
      case "process-ended":
        for (const [key, { process }] of this.#running) {
          if (process === entry.process) this.#running.delete(key);
        }
        return;
      case "term-floor-raised":
        this.#termFloor = entry.termFloor;
        return;
      case "event":
        this.#seeEvent(entry.process, entry.event);
        return;
      case "claim-removed":
        return this.#seeRemoved(entry, report);
      default:
    }
  }

  #seeEvent(process: number, event: ElectionEvent): void {
    if (event.type === "session-opened") {
      this.#owners.set(event.sessionId, process);
    } else if (event.type === "overrun" || event.type === "draining") {
      const running = this.#running.get(keyOf(event));
      if (running === undefined) return;
      if (event.type === "overrun") running.overrun = true;
      else if (event.reason !== "session-lost") running.untilMs = event.validUntilMs;
    } else if (event.type === "session-lost" && event.reason !== "unaudited") {
      this.#lost.add(event.sessionId);
    }
  }

  #seeRemoved(
    { claim, cause, requester, requestedTerm }: Extract<JournalEntry, { kind: "claim-removed" }>,
    report: (message: string, invariant?: string) => void,
  ): void {
    if (cause !== "withdraw" && cause !== "close") return;
    const foreign = claim.sessionId !== requester;
    if (foreign || (cause === "withdraw" && claim.term !== requestedTerm)) {
      const asked = cause === "close" ? "end its session" : `withdraw term ${requestedTerm}`;
      const whose = foreign ? "another session's" : "its own";
      report(
        `a request to ${asked} removed ${whose} term ${claim.term} of ${claim.election}`,
        "S7",
      );
    }
    const name = { election: claim.election, term: claim.term + this.#termFloor };
    const running = this.#running.get(keyOf(name));
    // Where terms were given again, it may be another's.
    if (running?.process !== this.#owners.get(claim.sessionId)) return;
    if (running === undefined || this.#lost.has(claim.sessionId)) return;
    if (running.overrun && this.#policyOf(running.process) === "release") return;
    // A session may be given up once the mandate is over: then the term has to protect.
    const { monotonicMs } = this.#observer.clockOf(running.process);
    if (cause === "close" && monotonicMs >= running.untilMs) return;
    report(
      `p${running.process} gave back ${claim.election}, term ${name.term} (by ${cause}), ` +
        "before its work had settled",
    );
  }
}

function keyOf(name: { readonly election: string; readonly term: bigint }): string {
  return `${name.election} ${name.term}`;
}
