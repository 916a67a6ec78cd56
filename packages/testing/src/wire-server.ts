import type { ElectionSnapshot } from "@mandate/election";
import type { StoreAnswer, StoreConnection, StoreRequest } from "./store-messages.ts";
import { plainFromError } from "./store-messages.ts";
import type { ClientMessage, ServerMessage } from "./wire.ts";

type Send = (message: ServerMessage) => void;

/** Serves a connection to the client at the far end of a channel of messages. */
export class WireServer {
  readonly #connection: StoreConnection;
  readonly #send: Send;
  readonly #exchanges = new Map<number, AbortController>();
  readonly #subscriptions = new Map<number, Subscription>();

  constructor(connection: StoreConnection, send: Send) {
    this.#connection = connection;
    this.#send = send;
  }

  /** Takes in a message of the far end. */
  receive(message: ClientMessage): void {
    const { id } = message;
    switch (message.kind) {
      case "exchange":
        // It ends by itself, never rejects, and stops when the client aborts it or goes.
        void this.#exchange(id, message.request);
        return;
      case "abort":
        this.#exchanges.get(id)?.abort();
        return;
      case "subscribe":
        this.#subscribe(id, message.election);
        return;
      case "received":
        this.#subscriptions.get(id)?.received();
        return;
      case "unsubscribe":
        this.#subscriptions.get(id)?.stop();
        this.#subscriptions.delete(id);
        return;
    }
  }

  /** The client is gone: nothing that runs for it goes on. */
  stop(): void {
    for (const exchange of this.#exchanges.values()) exchange.abort();
    for (const subscription of this.#subscriptions.values()) subscription.stop();
    this.#subscriptions.clear();
  }

  async #exchange(id: number, request: StoreRequest): Promise<void> {
    const controller = new AbortController();
    this.#exchanges.set(id, controller);
    const answer = await this.#answer(request, controller.signal);
    this.#exchanges.delete(id);
    if (!controller.signal.aborted) this.#send({ kind: "answer", id, answer });
  }

  async #answer(request: StoreRequest, signal: AbortSignal): Promise<StoreAnswer> {
    try {
      return await this.#connection.exchange(request, signal);
    } catch (error) {
      // Nothing is swallowed: it is thrown at the far end.
      return { ok: false, error: plainFromError(error) };
    }
  }

  #subscribe(id: number, election: string): void {
    const subscription = new Subscription((snapshot) => {
      this.#send({ kind: "snapshot", id, snapshot });
    });
    this.#subscriptions.set(id, subscription);
    subscription.start(
      this.#connection.subscribe(election, {
        next: (snapshot) => {
          subscription.next(snapshot);
        },
        fail: (error) => {
          this.#subscriptions.delete(id);
          this.#send({ kind: "failed", id, error: plainFromError(error) });
        },
      }),
    );
  }
}

/** One snapshot under way at most and one that waits, so that a slow client costs no memory. */
class Subscription {
  readonly #send: (snapshot: ElectionSnapshot) => void;
  #unsubscribe: (() => void) | undefined;
  #underWay = false;
  #latest: ElectionSnapshot | undefined;

  constructor(send: (snapshot: ElectionSnapshot) => void) {
    this.#send = send;
  }

  start(unsubscribe: () => void): void {
    this.#unsubscribe = unsubscribe;
  }

  stop(): void {
    this.#unsubscribe?.();
  }

  next(snapshot: ElectionSnapshot): void {
    this.#latest = snapshot;
    this.#pump();
  }

  received(): void {
    this.#underWay = false;
    this.#pump();
  }

  #pump(): void {
    if (this.#underWay || this.#latest === undefined) return;
    const snapshot = this.#latest;
    this.#latest = undefined;
    this.#underWay = true;
    this.#send(snapshot);
  }
}
