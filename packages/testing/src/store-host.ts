import { strict as assert } from "node:assert";
import type { CallOptions, Store, StoreCapabilities, StoreSession } from "@mandate/election";
import { MandateError } from "@mandate/election";
import type {
  SnapshotSink,
  StoreAnswer,
  StoreCallKind,
  StoreCalls,
  StoreConnection,
  StoreRequest,
} from "./store-messages.ts";

/** What carries out each kind of request. */
type Handlers = {
  readonly [Kind in StoreCallKind]: (
    request: StoreCalls[Kind]["request"],
    options: CallOptions,
  ) => Promise<StoreCalls[Kind]["reply"]>;
};

/** Carries out messages on a store of this process, and keeps the sessions that it opens. */
export class StoreHost implements StoreConnection {
  readonly #store: Store;
  readonly #sessions = new Map<string, StoreSession>();

  readonly #handlers: Handlers = {
    openSession: async (request, options) => {
      const session = await this.#store.openSession(request, options);
      this.#sessions.set(session.id, session);
      return { sessionId: session.id, ttlMs: session.ttlMs };
    },
    read: async ({ election }, options) => await this.#store.read(election, options),
    writeControl: async (request, options) => await this.#store.writeControl(request, options),
    renew: async (request, options) => {
      await this.#session(request).renew(options);
    },
    claims: async (request, options) => await this.#session(request).claims(options),
    stand: async (request, options) => await this.#session(request).stand(request, options),
    update: async (request, options) => await this.#session(request).update(request, options),
    withdraw: async (request, options) => {
      await this.#session(request).withdraw(request.claim, options);
    },
    closeSession: async (request, options) => {
      await this.#session(request).close(options);
    },
  };

  constructor(store: Store) {
    this.#store = store;
  }

  get capabilities(): StoreCapabilities {
    return this.#store.capabilities;
  }

  async exchange<Kind extends StoreCallKind>(
    request: StoreRequest<Kind>,
    signal: AbortSignal,
  ): Promise<StoreAnswer<Kind>> {
    return { ok: true, reply: await this.#handlers[request.kind](request.body, { signal }) };
  }

  subscribe(election: string, sink: SnapshotSink): () => void {
    const controller = new AbortController();
    // It ends by itself once the controller aborts, and never rejects.
    void this.#watch(election, sink, controller.signal);
    return () => {
      controller.abort();
    };
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  async #watch(election: string, sink: SnapshotSink, signal: AbortSignal): Promise<void> {
    try {
      for await (const snapshot of this.#store.watch(election, { signal })) sink.next(snapshot);
      const message = "the store ended its watch without a reason";
      throw new MandateError(message, { code: "STORE_UNAVAILABLE" });
    } catch (error) {
      // Nothing is swallowed: who subscribed is told, unless he unsubscribed.
      if (!signal.aborted) sink.fail(error);
    }
  }

  #session({ sessionId }: { readonly sessionId: string }): StoreSession {
    const session = this.#sessions.get(sessionId);
    assert(session !== undefined, `session ${sessionId} was not opened through this host`);
    return session;
  }
}
