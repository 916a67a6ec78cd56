import type { Clock, Instant } from "@mandate/election";
import type { Gate } from "./gate.ts";

/** Where timers of a {@link MachineClock} come from and go to. */
export interface MachineClockParts {
  /** True time. */
  readonly world: Clock;
  /** What the clocks show at the start. */
  readonly start: Instant;
  /** How much of its own time passes in one unit of true time. */
  readonly rate: number;
  /** How late a timer may be, in milliseconds of its own time; asked for each. */
  readonly latenessMs: () => number;
}

interface MachineTimer {
  readonly dueMs: number;
  readonly callback: () => void;
  cancelWorld: () => void;
}

/**
 * A machine's clock as one process on it sees it: timers run behind the process's gate, and end
 * with the process.
 */
export function clockBehind(gate: Gate, machine: MachineClock): Clock {
  return {
    now: () => machine.now(),
    setTimer: (delayMs, callback) => {
      if (!gate.alive) return () => {};
      let cancelled = false;
      const cancelTimer = machine.setTimer(delayMs, () => {
        gate.pass("timer", () => {
          // It may be cancelled while it is held.
          if (!cancelled) callback();
        });
      });
      return () => {
        cancelled = true;
        cancelTimer();
      };
    },
  };
}

/** Keeps a timer on the safe side of rounding: it must never be early. */
const ROUNDING_MS = 0.001;

/**
 * The clocks of one machine: they run at a rate of their own, the wall clock can be set, and while
 * the machine is suspended the monotonic clock stands still although the wall clock goes on.
 */
export class MachineClock implements Clock {
  readonly #parts: MachineClockParts;
  readonly #timers = new Set<MachineTimer>();
  #rate: number;
  #suspended = false;
  /** True time at which both bases were taken. */
  #sinceMs: number;
  #monotonicBaseMs: number;
  #wallBaseMs: number;

  constructor(parts: MachineClockParts) {
    this.#parts = parts;
    this.#rate = parts.rate;
    this.#sinceMs = parts.world.now().monotonicMs;
    this.#monotonicBaseMs = parts.start.monotonicMs;
    this.#wallBaseMs = parts.start.wallMs;
  }

  now(): Instant {
    const elapsedMs = this.#parts.world.now().monotonicMs - this.#sinceMs;
    const ownMs = elapsedMs * this.#rate;
    return {
      monotonicMs: this.#monotonicBaseMs + (this.#suspended ? 0 : ownMs),
      wallMs: this.#wallBaseMs + (this.#suspended ? elapsedMs : ownMs),
    };
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const lateMs = ROUNDING_MS + this.#parts.latenessMs();
    const dueMs = this.now().monotonicMs + (delayMs > 0 ? delayMs : 0) + lateMs;
    const timer: MachineTimer = { dueMs, callback, cancelWorld: () => {} };
    this.#timers.add(timer);
    if (!this.#suspended) this.#arm(timer);
    return () => {
      timer.cancelWorld();
      this.#timers.delete(timer);
    };
  }

  /** How many timers are set. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** From now on time passes at this rate. */
  setRate(rate: number): void {
    this.#rebase();
    this.#rate = rate;
    this.#rearm();
  }

  /** Sets the wall clock forward, or back when `ms` is negative. */
  jumpWall(ms: number): void {
    this.#rebase();
    this.#wallBaseMs += ms;
  }

  /** The machine sleeps: no timer runs, and only the wall clock goes on. */
  suspend(): void {
    this.#rebase();
    this.#suspended = true;
    this.#rearm();
  }

  /** The machine wakes. */
  wake(): void {
    this.#rebase();
    this.#suspended = false;
    this.#rearm();
  }

  /** Drops all timers: the machine is gone. */
  stop(): void {
    for (const timer of this.#timers) timer.cancelWorld();
    this.#timers.clear();
  }

  #rebase(): void {
    const { monotonicMs, wallMs } = this.now();
    this.#sinceMs = this.#parts.world.now().monotonicMs;
    this.#monotonicBaseMs = monotonicMs;
    this.#wallBaseMs = wallMs;
  }

  #rearm(): void {
    for (const timer of this.#timers) {
      timer.cancelWorld();
      if (!this.#suspended) this.#arm(timer);
    }
  }

  #arm(timer: MachineTimer): void {
    const delayMs = (timer.dueMs - this.now().monotonicMs) / this.#rate;
    timer.cancelWorld = this.#parts.world.setTimer(delayMs, () => {
      this.#timers.delete(timer);
      timer.callback();
    });
  }
}
