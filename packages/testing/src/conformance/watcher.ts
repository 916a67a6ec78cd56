import { strict as assert } from "node:assert";
import type { ElectionSnapshot, Store } from "@mandate/election";

/** How late a watch may be, in milliseconds. */
const HINT_DEADLINE_MS = 5_000;

/** Reads a watch, with a deadline. */
export class Watcher {
  readonly #controller = new AbortController();
  readonly #iterator: AsyncIterator<ElectionSnapshot>;

  constructor(store: Store, election: string) {
    const { signal } = this.#controller;
    this.#iterator = store.watch(election, { signal })[Symbol.asyncIterator]();
  }

  /** The next snapshot. */
  async next(what: string): Promise<ElectionSnapshot> {
    const result = await within(HINT_DEADLINE_MS, this.#iterator.next(), what);
    assert(result.done !== true, `the watch ended, but should have told of ${what}`);
    return result.value;
  }

  /** The first snapshot that is as `wanted` asks; earlier ones are passed over. */
  async until(
    what: string,
    wanted: (snapshot: ElectionSnapshot) => boolean,
  ): Promise<ElectionSnapshot> {
    const deadlineMs = performance.now() + HINT_DEADLINE_MS;
    for (;;) {
      const snapshot = await this.next(what);
      if (wanted(snapshot)) return snapshot;
      assert(performance.now() < deadlineMs, `the watch did not tell of ${what} in time`);
    }
  }

  /** Ends the watch. */
  async stop(): Promise<void> {
    this.#controller.abort();
    await this.#iterator.return?.();
  }
}

/** Rejects when `promise` does not settle within `ms`. */
export async function within<Value>(
  ms: number,
  promise: Promise<Value>,
  what: string,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: `${what}: late` })), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
