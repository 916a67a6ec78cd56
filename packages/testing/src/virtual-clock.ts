import { strict as assert } from "node:assert";
import type { Clock, Instant } from "@mandate/election";
import { TimerHeap } from "./timer-heap.ts";

/** More timers than this at one instant are taken for a loop that never lets time go on. */
const MAX_TIMERS_AT_ONE_INSTANT = 100_000;

/** After this many timers the event loop gets a turn, so that a runaway test can still be ended. */
const TIMERS_PER_TURN = 1_024;

/** Where a {@link VirtualClock} starts. */
export interface VirtualClockOptions {
  /** What the monotonic clock shows at the start, in milliseconds. @defaultValue 0 */
  readonly monotonicMs?: number;
  /** What the wall clock shows at the start, in milliseconds. @defaultValue 0 */
  readonly wallMs?: number;
}

/** How long {@link VirtualClock.runUntil} goes on. */
export interface RunUntilOptions {
  /** The most time that may pass on the clock, in milliseconds. */
  readonly limitMs: number;
}

/**
 * A clock that stands still until a test moves it. Timers run in the order of their time, those of
 * one time in the order in which they were set; after each one all promise reactions settle before
 * the next runs. Real input and output is not waited for: a test awaits its own.
 */
export class VirtualClock implements Clock {
  readonly #timers = new TimerHeap();
  #monotonicMs: number;
  #wallMs: number;
  #timersAtThisInstant = 0;
  #timersThisTurn = 0;
  #moving = false;

  constructor(options: VirtualClockOptions = {}) {
    this.#monotonicMs = options.monotonicMs ?? 0;
    this.#wallMs = options.wallMs ?? 0;
  }

  /** What both clocks show. */
  now(): Instant {
    return { monotonicMs: this.#monotonicMs, wallMs: this.#wallMs };
  }

  /** Calls `callback` once `delayMs` have passed; a delay below 0, or no number, counts as 0. */
  setTimer(delayMs: number, callback: () => void): () => void {
    const timer = this.#timers.add(this.#monotonicMs + (delayMs > 0 ? delayMs : 0), callback);
    return () => {
      this.#timers.remove(timer);
    };
  }

  /** How many timers are set and neither ran nor were cancelled. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /**
   * Moves both clocks on by `ms` and runs the timers that fall due on the way.
   * Rejects with what a timer's callback throws; the clock then stands at that timer.
   */
  async advance(ms: number): Promise<void> {
    assert(ms >= 0, `the clock cannot be moved by ${ms} ms: time does not run backwards`);
    const untilMs = this.#monotonicMs + ms;
    await this.#move(async () => {
      while (await this.#runNext(untilMs));
      this.#moveTo(untilMs);
    });
  }

  /**
   * Runs timers until `predicate` holds, which is asked now and after each timer.
   * Rejects when it still does not hold after `limitMs`; the clock then stands there.
   */
  async runUntil(predicate: () => boolean, options: RunUntilOptions): Promise<void> {
    const untilMs = this.#monotonicMs + options.limitMs;
    await this.#move(async () => {
      while (!predicate()) {
        if (await this.#runNext(untilMs)) continue;
        this.#moveTo(untilMs);
        assert(predicate(), `the condition did not hold within ${options.limitMs} ms`);
      }
    });
  }

  /** Sets the wall clock forward, or back when `ms` is negative. No timer runs because of it. */
  jumpWall(ms: number): void {
    this.#wallMs += ms;
  }

  /** The first and the last turn let what reached the test through real I/O settle as well. */
  async #move(run: () => Promise<void>): Promise<void> {
    assert(!this.#moving, "the clock is being moved already: await that call first");
    this.#moving = true;
    try {
      await eventLoopTurn();
      await run();
      await eventLoopTurn();
    } finally {
      this.#moving = false;
    }
  }

  async #runNext(untilMs: number): Promise<boolean> {
    const timer = this.#timers.takeUntil(untilMs);
    if (timer === undefined) return false;
    this.#moveTo(timer.atMs);
    this.#timersAtThisInstant += 1;
    assert(
      this.#timersAtThisInstant <= MAX_TIMERS_AT_ONE_INSTANT,
      `${MAX_TIMERS_AT_ONE_INSTANT} timers ran at one instant: one of 0 ms sets itself again`,
    );
    timer.callback();
    await this.#settle();
    return true;
  }

  #moveTo(monotonicMs: number): void {
    if (monotonicMs <= this.#monotonicMs) return;
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
    this.#timersAtThisInstant = 0;
  }

  async #settle(): Promise<void> {
    this.#timersThisTurn += 1;
    if (this.#timersThisTurn < TIMERS_PER_TURN) return await promiseReactions();
    this.#timersThisTurn = 0;
    await eventLoopTurn();
  }
}

/**
 * Resolves once the queue of promise reactions is empty. Node takes up `process.nextTick` from
 * inside a reaction only then, and the callers here are always inside one. It costs a fifth of a
 * turn of the event loop.
 */
function promiseReactions(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
