import { setTimeout as delay } from "node:timers/promises";

import type { ElectionSnapshot } from "@mandate/election";

import { RpcFailure, status } from "./client/rpc-failure.ts";
import type { WatchHub } from "./client/watch-hub.ts";
import type { KeyLayout } from "./keys.ts";
import { translateFailure } from "./translate-failure.ts";
import type { ElectionView } from "./view.ts";

/** What {@link watchElection} works with. */
export interface ElectionWatchOptions {
  readonly hub: WatchHub;
  readonly layout: KeyLayout;
  readonly signal: AbortSignal;
  /** A linearizable read of the election. */
  readonly read: () => Promise<ElectionView>;
  /** Throws once the store was closed. */
  readonly refuseWhenClosed: () => void;
}

// Between the end of a watch and the next, in milliseconds: a random time, so that many processes
// do not come to the next member together; longer when watches end again and again.
const firstPauseMs = 50;
const longestPauseMs = 2_000;
/** A watch that held this long, in milliseconds, has not failed "again". */
const steadyMs = 5_000;

/**
 * An election as it changes: a read, then what a watch from the next revision on tells, and all
 * over again when the watch ends for whatever reason.
 * @throws what a read throws; `ACCESS_DENIED`; the reason of `signal`
 */
export async function* watchElection(
  election: string,
  options: ElectionWatchOptions,
): AsyncGenerator<ElectionSnapshot, never, undefined> {
  const { signal } = options;
  for (let failures = 0; ; failures += 1) {
    const view = await options.read();
    const beganMs = performance.now();
    const watch = new OneWatch(election, view, options);
    try {
      yield view.snapshot();
      while (await watch.changed(signal)) yield view.snapshot();
    } finally {
      watch.stop();
    }
    options.refuseWhenClosed();
    if (performance.now() - beganMs > steadyMs) failures = 0;
    // The read was allowed, so at first it is taken for the stream's token that has run out; the
    // read has renewed it for the next stream.
    if (failures > 0 && watch.failure?.grpcStatus === status.permissionDenied) {
      throw translateFailure(watch.failure, `watch "${election}"`);
    }
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures) * Math.random();
    await delay(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** The watches of claims and control record from one read on. */
class OneWatch {
  failure: RpcFailure | undefined;
  readonly #stops: readonly (() => void)[];
  #dirty = false;
  #wake: () => void = () => undefined;

  constructor(election: string, view: ElectionView, { hub, layout }: ElectionWatchOptions) {
    const startRevision = view.revision + 1n;
    const onEnd = (failure: RpcFailure): void => {
      this.failure ??= failure;
      this.#wake();
    };
    const changed = (isChanged: boolean): void => {
      this.#dirty ||= isChanged;
      if (isChanged) this.#wake();
    };
    const claims = { ...layout.claims(election), startRevision };
    const control = { ...layout.control(election), startRevision };
    this.#stops = [
      hub.watch(claims, { onEnd, onEvents: (events) => changed(view.applyClaims(events)) }),
      hub.watch(control, { onEnd, onEvents: (events) => changed(view.applyControl(events)) }),
    ];
  }

  /** Waits for a change. False when there will be no more. */
  async changed(signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    if (!this.#dirty && this.failure === undefined) await this.#sleep(signal);
    signal.throwIfAborted();
    // A change that came just before the end is in the next read, too.
    if (this.failure !== undefined) return false;
    this.#dirty = false;
    return true;
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  async #sleep(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener("abort", wake, { once: true });
    });
    this.#wake = () => undefined;
  }
}
