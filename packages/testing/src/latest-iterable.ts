/** What fills a {@link latestIterable}. */
export interface LatestSink<Value> {
  /** Replaces the value that waits to be consumed, if there is one. */
  next(value: Value): void;
  /** Ends the iteration by this error; a value that still waits is dropped. */
  fail(error: unknown): void;
}

/** Starts to fill `sink` and returns what stops that. */
export type Subscribe<Value> = (sink: LatestSink<Value>) => () => void;

/**
 * Values as they come, one kept at most: a slow consumer misses some, the last never. Each
 * iteration subscribes when it asks for its first value and unsubscribes when it ends: when the
 * consumer stops, when the source fails, or when `signal` aborts (it then throws the reason).
 */
export function latestIterable<Value>(
  subscribe: Subscribe<Value>,
  signal: AbortSignal,
): AsyncIterable<Value> {
  return { [Symbol.asyncIterator]: () => new LatestIterator(subscribe, signal) };
}

interface Waiter<Value> {
  readonly resolve: (result: IteratorResult<Value>) => void;
  readonly reject: (error: unknown) => void;
}

/** No generator: its `return` would wait for a `next` that may never settle. */
class LatestIterator<Value> implements AsyncIterator<Value> {
  readonly #subscribe: Subscribe<Value>;
  readonly #signal: AbortSignal;
  readonly #waiters: Waiter<Value>[] = [];
  #phase: "new" | "running" | "ended" = "new";
  #latest: { readonly value: Value } | undefined;
  #failure: { readonly error: unknown } | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(subscribe: Subscribe<Value>, signal: AbortSignal) {
    this.#subscribe = subscribe;
    this.#signal = signal;
  }

  next(): Promise<IteratorResult<Value>> {
    if (this.#phase === "new") this.#start();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#serve();
    });
  }

  return(): Promise<IteratorResult<Value>> {
    this.#failure = undefined;
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #start(): void {
    this.#phase = "running";
    if (this.#signal.aborted) return this.#fail(this.#signal.reason);
    this.#signal.addEventListener("abort", this.#onAbort);
    const unsubscribe = this.#subscribe({
      next: (value) => {
        if (this.#phase !== "running") return;
        this.#latest = { value };
        this.#serve();
      },
      fail: (error) => {
        this.#fail(error);
      },
    });
    // It may have failed while it subscribed, before there was anything to stop.
    if (this.#isEnded()) unsubscribe();
    else this.#unsubscribe = unsubscribe;
  }

  readonly #onAbort = (): void => {
    this.#fail(this.#signal.reason);
  };

  #isEnded(): boolean {
    return this.#phase === "ended";
  }

  #fail(error: unknown): void {
    if (this.#isEnded()) return;
    this.#failure = { error };
    this.#end();
  }

  #end(): void {
    this.#phase = "ended";
    this.#latest = undefined;
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#serve();
  }

  /** Gives the consumers that wait what there is: a failure once, then the end, or one value. */
  #serve(): void {
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) {
      if (this.#failure !== undefined) {
        waiter.reject(this.#failure.error);
        this.#failure = undefined;
      } else if (this.#latest !== undefined) {
        waiter.resolve({ done: false, value: this.#latest.value });
        this.#latest = undefined;
      } else if (this.#phase === "ended") {
        waiter.resolve({ done: true, value: undefined });
      } else {
        this.#waiters.unshift(waiter);
        return;
      }
    }
  }
}
