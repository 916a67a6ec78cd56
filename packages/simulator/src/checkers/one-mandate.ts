import type { ElectionEvent } from "@mandate/election";
import type { Checker, JournalEntry, Observer } from "../world/journal.ts";
import type { EarlyEnds } from "./early-ends.ts";

/** A mandate as its process's own clocks see it. */
interface Reign {
  readonly process: number;
  readonly election: string;
  readonly term: bigint;
  /** Valid until either clock of its machine shows this. */
  untilMonotonicMs: number;
  untilWallMs: number;
  /** Its end was announced: no renewal extends it any more. */
  frozen: boolean;
  /** Outside of the promise, since the store went back in time. */
  excused: boolean;
}

type Report = (message: string, invariant?: string) => void;

/**
 * S1: never two valid mandates in one election at one instant of true time. S4: what is over stays
 * over. A mandate counts as valid while its process's own clocks say so, running or not, and until
 * its work has settled.
 */
export class OneMandateChecker implements Checker {
  /** Overlaps that the promise does not cover, since a claim was ended early or a clock is off. */
  excusedOverlaps = 0;
  readonly #observer: Observer;
  readonly #earlyEnds: EarlyEnds;
  readonly #isOffBound: (process: number) => boolean;
  readonly #reigns = new Map<string, Reign>();
  #maxTerm = new Map<string, Reign>();

  constructor(observer: Observer, earlyEnds: EarlyEnds, isOffBound: (process: number) => boolean) {
    this.#observer = observer;
    this.#earlyEnds = earlyEnds;
    this.#isOffBound = isOffBound;
  }

  see(entry: JournalEntry, report: Report): void {
    switch (entry.kind) {
      case "event":
        return this.#seeEvent(entry.process, entry.event, report);
      case "work-acts":
        return this.#seeAct(keyOf(entry), report);
      case "work-settled":
        this.#reigns.delete(keyOf(entry));
        return;
      case "process-ended":
        this.#forget((reign) => reign.process === entry.process);
        return;
      case "store-regressed":
        for (const reign of this.#reigns.values()) reign.excused = true;
        this.#maxTerm = new Map();
        return;
      default:
    }
  }

  #seeEvent(process: number, event: ElectionEvent, report: Report): void {
    if (event.type === "elected") {
      const { election, term } = event;
      const until = this.#until(process, event);
      const reign = { process, election, term, ...until, frozen: false, excused: false };
      this.#reigns.set(keyOf({ process, ...event }), reign);
      this.#maxTerm.set(election, reign);
      this.#checkAlone(reign, report);
    } else if (event.type === "session-renewed") {
      for (const reign of this.#reigns.values()) {
        if (reign.process !== process || reign.frozen) continue;
        if (!this.#isValid(reign)) {
          report(`the mandate of ${show(reign)} came back after its end`, "S4");
        }
        Object.assign(reign, this.#until(process, event));
        this.#checkAlone(reign, report);
      }
    } else if (event.type === "draining") {
      const reign = this.#reigns.get(keyOf({ process, ...event }));
      if (reign !== undefined) Object.assign(reign, this.#until(process, event), { frozen: true });
    } else if (event.type === "ended") {
      this.#reigns.delete(keyOf({ process, ...event }));
    }
  }

  /** Work found its mandate valid: so must we, and nobody may have followed. */
  #seeAct(key: string, report: Report): void {
    const reign = this.#reigns.get(key);
    if (reign === undefined) return report(`work acts by a mandate that was over: ${key}`);
    if (!this.#isValid(reign)) report(`${show(reign)} acts after its mandate's end`);
    const latest = this.#maxTerm.get(reign.election);
    if (latest === undefined || latest.term <= reign.term) return;
    if (this.#isExcused(reign) || this.#isExcused(latest)) this.excusedOverlaps += 1;
    else report(`${show(reign)} acts although ${show(latest)} has been elected`);
  }

  #checkAlone(reign: Reign, report: Report): void {
    if (!this.#isValid(reign)) return;
    for (const other of this.#reigns.values()) {
      if (other === reign || other.election !== reign.election || !this.#isValid(other)) continue;
      if (this.#isExcused(other) || this.#isExcused(reign)) this.excusedOverlaps += 1;
      else report(`${show(other)} and ${show(reign)} hold valid mandates of ${reign.election}`);
    }
  }

  #isValid(reign: Reign): boolean {
    const { monotonicMs, wallMs } = this.#observer.clockOf(reign.process);
    return monotonicMs < reign.untilMonotonicMs && wallMs < reign.untilWallMs;
  }

  #until(
    process: number,
    { atMs, validUntilMs }: { readonly atMs: number; readonly validUntilMs: number },
  ): Pick<Reign, "untilMonotonicMs" | "untilWallMs"> {
    const { wallMs } = this.#observer.clockOf(process);
    return { untilMonotonicMs: validUntilMs, untilWallMs: wallMs + validUntilMs - atMs };
  }

  #isExcused(reign: Reign): boolean {
    return reign.excused || this.#earlyEnds.has(reign) || this.#isOffBound(reign.process);
  }

  #forget(applies: (reign: Reign) => boolean): void {
    for (const [key, reign] of this.#reigns) if (applies(reign)) this.#reigns.delete(key);
  }
}

function keyOf(name: {
  readonly process: number;
  readonly election: string;
  readonly term: bigint;
}): string {
  return `p${name.process} ${name.election} ${name.term}`;
}

function show({ process, term }: Reign): string {
  return `p${process} (term ${term})`;
}
