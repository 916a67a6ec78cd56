import { randomUUID } from "node:crypto";

import type { CallOptions, ElectionSnapshot, Store } from "@mandate/election";
import { expect, onTestFinished } from "vitest";

import { openStore } from "./etcd.ts";
import type { EtcdOptions } from "./options.ts";

/** Options of one call, with a deadline. */
export function within(deadlineMs = 10_000): CallOptions {
  return { signal: AbortSignal.timeout(deadlineMs) };
}

/** A name that no other test uses. */
export function anElection(): string {
  return `test-${randomUUID()}`;
}

/** A store that is closed when the test ends. */
export async function aStore(options: EtcdOptions): Promise<Store> {
  const store = await openStore(options);
  onTestFinished(() => store.close());
  return store;
}

/** What a watch told, until the test ends. */
export interface Watched {
  readonly snapshots: readonly ElectionSnapshot[];
  /** What it ended with. */
  readonly failure: unknown;
  /** Resolves once the last snapshot is as it should be. */
  until(
    what: string,
    check: (last: ElectionSnapshot) => boolean,
    timeoutMs?: number,
  ): Promise<void>;
}

/** Watches an election. */
export function watched(store: Store, election: string): Watched {
  const abort = new AbortController();
  const snapshots: ElectionSnapshot[] = [];
  const state = { failure: undefined as unknown };
  const done = (async () => {
    try {
      for await (const snapshot of store.watch(election, { signal: abort.signal })) {
        snapshots.push(snapshot);
      }
    } catch (error) {
      // Tests look at it; the abort at the end is one of them.
      state.failure = error;
    }
  })();
  onTestFinished(async () => {
    abort.abort();
    await done;
  });
  return {
    snapshots,
    get failure() {
      return state.failure;
    },
    async until(what, check, timeoutMs = 10_000) {
      const holds = (): boolean => {
        const last = snapshots.at(-1);
        return last !== undefined && check(last);
      };
      await expect.poll(holds, { timeout: timeoutMs, interval: 5, message: what }).toBe(true);
    },
  };
}
