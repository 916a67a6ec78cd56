import { backoffMs } from "../time/backoff.ts";
import { pause } from "../time/deadline.ts";
import { publish } from "../events.ts";
import type { SessionHost, SnapshotListener } from "../session/session-host.ts";

/**
 * One watch of an election for everyone in this session who wants it. It opens with the first
 * listener, heals for ever, and lingers for a TTL after the last: a leader that resigns and stands
 * again finds it still open.
 */
export class ElectionWatch {
  readonly #host: SessionHost;
  readonly #election: string;
  readonly #listeners = new Set<SnapshotListener>();
  #running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  #cancelLinger: () => void = () => {};

  constructor(host: SessionHost, election: string) {
    this.#host = host;
    this.#election = election;
  }

  /** Adds a listener; the returned function removes it. */
  listen(listener: SnapshotListener): () => void {
    this.#cancelLinger();
    this.#listeners.add(listener);
    if (this.#running === undefined) {
      const stop = new AbortController();
      this.#running = { stop, done: this.#run(stop.signal) };
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      const { clock, timings } = this.#host;
      this.#cancelLinger = clock.setTimer(timings.ttlMs, () => void this.close(), {
        background: true,
      });
    };
  }

  async close(): Promise<void> {
    this.#cancelLinger();
    const running = this.#running;
    this.#running = undefined;
    running?.stop.abort();
    await running?.done;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store, clock, random, timings, candidate } = this.#host;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        for await (const snapshot of store.watch(this.#election, { signal })) {
          failures = 0;
          for (const listener of this.#listeners) listener(snapshot);
        }
      } catch (error) {
        if (signal.aborted) return;
        publish(() => ({
          type: "call-failed",
          call: "watch",
          election: this.#election,
          error,
          candidateId: candidate.id,
          atMs: clock.now().monotonicMs,
        }));
      }
      await pause(clock, backoffMs(random, failures + 1, timings.renewEveryMs), signal);
    }
  }
}
