import type { StoreCapabilities } from "@mandate/election";
import { MandateError } from "@mandate/election";
import type {
  SnapshotSink,
  StoreAnswer,
  StoreCallKind,
  StoreConnection,
  StoreRequest,
} from "./store-messages.ts";
import { errorFromPlain } from "./store-messages.ts";
import type { ClientMessage, ServerMessage } from "./wire.ts";

/** What a {@link WireClient} needs of its channel. */
export interface WireClientOptions {
  readonly capabilities: StoreCapabilities;
  /** Sends a message, in order. Throws when it cannot be made plain data. */
  readonly send: (message: ClientMessage) => void;
  /** Ends the channel. */
  readonly close: () => Promise<void>;
}

interface Pending {
  readonly answer: (answer: StoreAnswer) => void;
  readonly fail: (error: Error) => void;
}

/** A connection to a store at the far end of a channel of messages. */
export class WireClient implements StoreConnection {
  readonly capabilities: StoreCapabilities;
  readonly #send: (message: ClientMessage) => void;
  readonly #close: () => Promise<void>;
  readonly #pending = new Map<number, Pending>();
  readonly #sinks = new Map<number, SnapshotSink>();
  #nextId = 0;
  #lost: MandateError | undefined;

  constructor(options: WireClientOptions) {
    this.capabilities = options.capabilities;
    this.#send = options.send;
    this.#close = options.close;
  }

  exchange<Kind extends StoreCallKind>(
    request: StoreRequest<Kind>,
    signal: AbortSignal,
  ): Promise<StoreAnswer<Kind>> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) throw notSent(this.#lost);
      const id = this.#newId();
      // TypeScript does not see that each StoreRequest<Kind> is one of StoreRequest.
      this.#send({ kind: "exchange", id, request: request as StoreRequest });
      const settle = (): void => {
        this.#pending.delete(id);
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        settle();
        this.#send({ kind: "abort", id });
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort);
      this.#pending.set(id, {
        answer: (answer) => {
          settle();
          resolve(answer);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      });
    });
  }

  subscribe(election: string, sink: SnapshotSink): () => void {
    if (this.#lost !== undefined) {
      sink.fail(this.#lost);
      return () => {};
    }
    const id = this.#newId();
    this.#send({ kind: "subscribe", id, election });
    this.#sinks.set(id, sink);
    return () => {
      if (this.#sinks.delete(id)) this.#send({ kind: "unsubscribe", id });
    };
  }

  async close(): Promise<void> {
    this.lose(new MandateError("the store was closed: open another one", { code: "CLOSED" }));
    await this.#close();
  }

  /** Takes in a message of the far end. */
  receive(message: ServerMessage): void {
    if (message.kind === "answer") {
      this.#pending.get(message.id)?.answer(message.answer);
      return;
    }
    const sink = this.#sinks.get(message.id);
    if (sink === undefined) return;
    if (message.kind === "snapshot") {
      this.#send({ kind: "received", id: message.id });
      sink.next(message.snapshot);
    } else {
      this.#sinks.delete(message.id);
      sink.fail(errorFromPlain(message.error));
    }
  }

  /** The channel is gone: all that waits, and all that is asked later, fails by this error. */
  lose(error: MandateError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    const sinks = [...this.#sinks.values()];
    this.#sinks.clear();
    for (const sink of sinks) sink.fail(error);
    for (const pending of this.#pending.values()) pending.fail(error);
  }

  #newId(): number {
    this.#nextId += 1;
    return this.#nextId;
  }
}

function notSent(error: MandateError): MandateError {
  const { message, code, cause } = error;
  return new MandateError(message, { code, cause, applied: "no" });
}
