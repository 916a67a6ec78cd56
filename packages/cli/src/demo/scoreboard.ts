import { monotonicMs } from "./monotonic.ts";

/** How a data centre is doing, as the demo knows it. */
export type CentreState = "starting" | "running" | "stopped" | "cut off" | "down";

/** A data centre on the {@link Scoreboard}. */
export interface CentreLine {
  readonly id: string;
  readonly region: string;
  readonly url: string | undefined;
  readonly state: CentreState;
}

/** Who leads, as it has said itself. */
export interface LeaderLine {
  readonly candidateId: string;
  readonly term: bigint;
  /** On the shared monotonic clock, in milliseconds. */
  readonly sinceMs: number;
  /** It takes orders. */
  readonly serving: boolean;
}

/** Something that happened. */
export interface DemoEvent {
  /** Since the start, in milliseconds. */
  readonly atMs: number;
  readonly kind: "fault" | "healed" | "leader" | "note";
  readonly text: string;
}

/** How a wait is bounded. */
export interface UntilOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

const maxEvents = 100;

/** What is known while the demo runs: the live view shows it, and the chaos waits on it. */
export class Scoreboard {
  readonly centres = new Map<string, CentreLine>();
  readonly events: DemoEvent[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #onEvent: (event: DemoEvent) => void;
  /** On the shared monotonic clock, in milliseconds. */
  startedAtMs = monotonicMs();
  leader: LeaderLine | undefined;
  /** The highest term that a client has been told of. */
  highestTerm = -1n;
  staleWritesRefused = 0;

  constructor(onEvent: (event: DemoEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** Notes an event down; the oldest are forgotten. */
  tell(kind: DemoEvent["kind"], text: string): void {
    const event = { atMs: Math.max(0, monotonicMs() - this.startedAtMs), kind, text };
    this.events.push(event);
    if (this.events.length > maxEvents) this.events.shift();
    this.#onEvent(event);
  }

  setCentre(id: string, change: Partial<CentreLine>): void {
    const known = this.centres.get(id) ?? { id, region: "", url: undefined, state: "starting" };
    this.centres.set(id, { ...known, ...change });
    this.changed();
  }

  /** To be called when anything here has changed. */
  changed(): void {
    for (const check of this.#waiting) check();
  }

  /**
   * Resolves to true once `ask` does, asked after each change; to false when that takes too long or
   * the signal aborts.
   */
  async until(ask: () => boolean, { signal, timeoutMs }: UntilOptions): Promise<boolean> {
    if (ask()) return true;
    if (signal.aborted) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const check = (): void => {
      if (ask()) resolve(true);
    };
    const giveUp = (): void => resolve(false);
    const timer = setTimeout(giveUp, timeoutMs);
    signal.addEventListener("abort", giveUp);
    this.#waiting.add(check);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      this.#waiting.delete(check);
    }
  }
}
