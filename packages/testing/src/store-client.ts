import type {
  CallOptions,
  Claim,
  ClaimId,
  ElectionSnapshot,
  OpenSessionRequest,
  StandRequest,
  StandResult,
  Store,
  StoreCapabilities,
  StoreSession,
  UpdateRequest,
  WriteControlRequest,
} from "@mandate/election";
import { MandateError } from "@mandate/election";
import type { LatestSink } from "./latest-iterable.ts";
import { latestIterable } from "./latest-iterable.ts";
import type {
  OpenedSession,
  StoreCallKind,
  StoreCalls,
  StoreConnection,
} from "./store-messages.ts";
import { errorFromPlain } from "./store-messages.ts";

/** A store at the far end of a {@link StoreConnection}: each call is one exchange of messages. */
export class StoreClient implements Store {
  readonly #connection: StoreConnection;
  readonly #watches = new Set<LatestSink<ElectionSnapshot>>();
  #closed = false;

  constructor(connection: StoreConnection) {
    this.#connection = connection;
  }

  get capabilities(): StoreCapabilities {
    return this.#connection.capabilities;
  }

  async openSession(request: OpenSessionRequest, options: CallOptions): Promise<StoreSession> {
    const opened = await this.#call("openSession", { ttlMs: request.ttlMs }, options);
    return new SessionClient(opened, (kind, body, callOptions) =>
      this.#call(kind, body, callOptions),
    );
  }

  async read(election: string, options: CallOptions): Promise<ElectionSnapshot> {
    return await this.#call("read", { election }, options);
  }

  watch(election: string, options: CallOptions): AsyncIterable<ElectionSnapshot> {
    return latestIterable((sink) => this.#subscribe(election, sink), options.signal);
  }

  async writeControl(request: WriteControlRequest, options: CallOptions): Promise<boolean> {
    return await this.#call("writeControl", request, options);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const sink of this.#watches) sink.fail(closedError());
    this.#watches.clear();
    await this.#connection.close();
  }

  async #call<Kind extends StoreCallKind>(
    kind: Kind,
    body: StoreCalls[Kind]["request"],
    { signal }: CallOptions,
  ): Promise<StoreCalls[Kind]["reply"]> {
    signal.throwIfAborted();
    if (this.#closed) throw closedError();
    const answer = await this.#connection.exchange({ kind, body }, signal);
    if (!answer.ok) throw errorFromPlain(answer.error);
    return answer.reply;
  }

  #subscribe(election: string, sink: LatestSink<ElectionSnapshot>): () => void {
    if (this.#closed) {
      sink.fail(closedError());
      return () => {};
    }
    this.#watches.add(sink);
    const unsubscribe = this.#connection.subscribe(election, sink);
    return () => {
      this.#watches.delete(sink);
      unsubscribe();
    };
  }
}

type Call = <Kind extends StoreCallKind>(
  kind: Kind,
  body: StoreCalls[Kind]["request"],
  options: CallOptions,
) => Promise<StoreCalls[Kind]["reply"]>;

class SessionClient implements StoreSession {
  readonly id: string;
  readonly ttlMs: number;
  readonly #call: Call;

  constructor(opened: OpenedSession, call: Call) {
    this.id = opened.sessionId;
    this.ttlMs = opened.ttlMs;
    this.#call = call;
  }

  async renew(options: CallOptions): Promise<void> {
    await this.#call("renew", { sessionId: this.id }, options);
  }

  async claims(options: CallOptions): Promise<readonly Claim[]> {
    return await this.#call("claims", { sessionId: this.id }, options);
  }

  async stand(request: StandRequest, options: CallOptions): Promise<StandResult> {
    return await this.#call("stand", { ...request, sessionId: this.id }, options);
  }

  async update(request: UpdateRequest, options: CallOptions): Promise<boolean> {
    return await this.#call("update", { ...request, sessionId: this.id }, options);
  }

  async withdraw(claim: ClaimId, options: CallOptions): Promise<void> {
    await this.#call("withdraw", { claim, sessionId: this.id }, options);
  }

  async close(options: CallOptions): Promise<void> {
    await this.#call("closeSession", { sessionId: this.id }, options);
  }
}

function closedError(): MandateError {
  return new MandateError("the store was closed: open another one", {
    code: "CLOSED",
    applied: "no",
  });
}
