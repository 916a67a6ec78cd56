/** One reading of both clocks, in milliseconds. */
export interface Instant {
  /** The monotonic clock that all processes of this machine share (`process.hrtime`). */
  readonly monotonicMs: number;
  /** Wall-clock time. In a decision it may only shorten validity. */
  readonly wallMs: number;
}

/** Where all time comes from, so that a test can bring its own. */
export interface Clock {
  now(): Instant;
  /**
   * Calls `callback` once, no earlier than `delayMs` from now on the monotonic clock, and perhaps
   * much later when the process was paused. Returns a function that cancels it.
   * The timer alone never keeps the process alive when `background` is true.
   */
  setTimer(delayMs: number, callback: () => void, options?: TimerOptions): () => void;
}

/** How a timer of a {@link Clock} behaves. */
export interface TimerOptions {
  /** The timer does not keep the process alive. @defaultValue false */
  readonly background?: boolean;
}

/** Where all chance comes from, so that a test can bring its own. */
export interface Random {
  /** A number at least 0 and less than 1. */
  fraction(): number;
  /** A text that is unique in the world (a test's own source: in that test). */
  uniqueId(): string;
}
