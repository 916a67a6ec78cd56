import type { Store } from "@mandate/election";

/** How long a client waits to be used again before it is closed, in milliseconds. */
const IDLE_MS = 1_000;

/** Clients that cases hand on to each other, since opening one costs the start of a process. */
export class ClientPool {
  readonly #open: () => Promise<Store>;
  readonly #idle = new Map<Store, NodeJS.Timeout>();

  constructor(open: () => Promise<Store>) {
    this.#open = open;
  }

  /** An idle client, or a new one. */
  async take(): Promise<Store> {
    for (const [store, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(store);
      return store;
    }
    return await this.#open();
  }

  /** Keeps a client for whoever takes the next one; after a while it is closed. */
  give(store: Store): void {
    const timer = setTimeout(() => {
      this.#idle.delete(store);
      // A client that cannot be closed ends as an unhandled rejection, and so fails the run.
      void store.close();
    }, IDLE_MS);
    this.#idle.set(store, timer);
  }
}
