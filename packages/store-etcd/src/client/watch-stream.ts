import { constants } from "node:http2";
import type { ClientHttp2Stream } from "node:http2";

import { WatchRequest, WatchResponse } from "../gen/etcd.ts";
import type { Event } from "../gen/etcd.ts";
import type { Endpoint } from "./endpoint.ts";
import type { EtcdClient } from "./etcd-client.ts";
import { encodeFrame, FrameReader } from "./frames.ts";
import { watchPath } from "./methods.ts";
import { RpcFailure, status, statusFailure } from "./rpc-failure.ts";
import { brokenAnswer, grpcMessage } from "./unary-call.ts";

/** What to watch, from which revision on. */
export interface WatchRange {
  readonly key: Uint8Array;
  /** Empty: this one key. */
  readonly rangeEnd: Uint8Array;
  readonly startRevision: bigint;
}

/** Who hears of a watch. */
export interface WatchListener {
  /** Changes, in order and complete up to the last one's revision. */
  onEvents(events: readonly Event[]): void;
  /** Called at most once, and nothing after it: list again and watch from there. */
  onEnd(failure: RpcFailure): void;
}

/** How often a stream that nothing came from is asked whether it is alive, in milliseconds. */
const progressMs = 2_000;
/** How long the answer may take before the member is left, in milliseconds. */
const progressDeadlineMs = 3_000;
/** How long opening the stream may take, in milliseconds. */
const openMs = 2_000;

/**
 * One stream to one member, which carries all watches of a client. It ends as a whole: when it
 * breaks, when the member stops answering, and when it answers but lags behind what other members
 * have shown.
 */
export class WatchStream {
  readonly #client: EtcdClient;
  readonly #listeners = new Map<bigint, WatchListener>();
  readonly #frames = new FrameReader();
  readonly #abort = new AbortController();
  readonly #endpoint: Endpoint;
  #timer: NodeJS.Timeout | undefined;
  /** Watches that no answer came for yet, in the order in which they were asked for. */
  readonly #creating: bigint[] = [];
  readonly #queue: WatchRequest[] = [];
  #stream: ClientHttp2Stream | undefined;
  #failure: RpcFailure | undefined;
  #httpStatus: number | undefined;
  #nextId = 1n;
  #ended = false;
  #refusing = false;
  #progress: Progress = { askedMs: undefined, heardMs: performance.now(), revision: 0n };

  /** Begins to open a stream to the client's preferred endpoint. */
  constructor(client: EtcdClient) {
    this.#client = client;
    this.#endpoint = client.preferred;
    void this.#open();
  }

  /** It can take more watches: it has not ended, nor has its token run out. */
  get usable(): boolean {
    return !this.#ended && !this.#refusing;
  }

  /** Adds a watch. Returns what removes it. */
  watch(range: WatchRange, listener: WatchListener): () => void {
    const id = this.#nextId;
    this.#nextId += 1n;
    this.#listeners.set(id, listener);
    this.#creating.push(id);
    this.#send({ $case: "createRequest", value: { ...range, watchId: id } });
    return () => {
      if (!this.#listeners.delete(id)) return;
      if (this.#listeners.size === 0) this.close();
      else this.#send({ $case: "cancelRequest", value: { watchId: id } });
    };
  }

  /** Ends the stream; the listeners that are left are told. */
  close(): void {
    this.#end(new RpcFailure("the watch was ended", { kind: "lost", applied: "no" }));
  }

  async #open(): Promise<void> {
    const { signal } = this.#abort;
    try {
      const attempt = this.#client.attempt(this.#endpoint, { signal, attemptMs: openMs });
      const stream = await attempt.stream(watchPath);
      this.#stream = stream;
      stream.on("response", (headers) => {
        this.#httpStatus = headers[":status"];
        this.#hearStatus(headers);
      });
      stream.on("trailers", (headers) => this.#hearStatus(headers));
      stream.on("data", (chunk: Buffer) => this.#hear(chunk));
      stream.on("error", (error) => this.#broke(error));
      stream.on("close", () => this.#broke(undefined));
      if (this.#ended) {
        stream.close(constants.NGHTTP2_CANCEL);
        return;
      }
      for (const request of this.#queue.splice(0)) this.#write(request);
      this.#progress = { ...this.#progress, heardMs: performance.now() };
      this.#timer = setInterval(() => this.#checkProgress(), progressMs / 4);
      // The stream keeps the process alive while somebody watches; asking for news must not.
      this.#timer.unref();
    } catch (error) {
      if (this.#ended) return;
      this.#end(
        error instanceof RpcFailure
          ? error
          : new RpcFailure("the watch cannot begin", { kind: "lost", applied: "no", cause: error }),
      );
    }
  }

  #send(requestUnion: WatchRequest["requestUnion"]): void {
    if (this.#stream === undefined) this.#queue.push({ requestUnion });
    else this.#write({ requestUnion });
  }

  #write(request: WatchRequest): void {
    if (this.#stream === undefined || !this.#stream.writable) return;
    this.#stream.write(encodeFrame(WatchRequest.encode(request).finish()));
  }

  #hearStatus(headers: Parameters<typeof grpcMessage>[0]): void {
    const grpcStatus = headers["grpc-status"];
    if (grpcStatus === undefined) return;
    this.#failure ??= statusFailure(Number(grpcStatus), grpcMessage(headers));
  }

  #hear(chunk: Buffer): void {
    if (this.#ended) return;
    try {
      for (const message of this.#frames.push(chunk)) this.#dispatch(WatchResponse.decode(message));
    } catch (cause) {
      const failure = new RpcFailure("a message of the watch cannot be read", {
        kind: "protocol",
        applied: "no",
        cause,
      });
      this.#end(failure);
    }
  }

  #dispatch(response: WatchResponse): void {
    const revision = response.header?.revision ?? 0n;
    if (revision >= this.#progress.revision) {
      this.#progress = { askedMs: undefined, heardMs: performance.now(), revision: 0n };
    }
    const id = response.created ? this.#created(response) : response.watchId;
    const listener = this.#listeners.get(id);
    if (listener === undefined) return;
    if (response.canceled) {
      const failure = cancelFailure(response);
      // A stream has the token that it began with. Watches that there are go on without it.
      if (failure.grpcStatus === status.permissionDenied) this.#refusing = true;
      this.#listeners.delete(id);
      listener.onEnd(failure);
      if (this.#listeners.size === 0) this.close();
      return;
    }
    if (response.events.length > 0) listener.onEvents(response.events);
  }

  /** Which watch an answer to a creation is about. */
  #created(response: WatchResponse): bigint {
    // A member that refuses one does not say which (its id is -1 since 3.5), but answers in order.
    const id = response.watchId < 0n ? (this.#creating[0] ?? response.watchId) : response.watchId;
    const index = this.#creating.indexOf(id);
    if (index >= 0) this.#creating.splice(index, 1);
    return id;
  }

  #broke(error: Error | undefined): void {
    const answer = { resetCode: this.#stream?.rstCode ?? 0, error, httpStatus: this.#httpStatus };
    this.#end(this.#failure ?? brokenAnswer(answer));
  }

  #checkProgress(): void {
    const nowMs = performance.now();
    const { askedMs, heardMs } = this.#progress;
    if (askedMs !== undefined && nowMs - askedMs > progressDeadlineMs) {
      const message = `${this.#endpoint.authority} told nothing new for ${progressDeadlineMs} ms`;
      this.#end(new RpcFailure(message, { kind: "deadline", applied: "no" }));
    } else if (nowMs - heardMs >= progressMs) {
      // An answer counts once it has reached the revision that any member had shown when the first
      // question was asked; until then the question is repeated, within its one deadline.
      if (askedMs === undefined) {
        this.#progress = { askedMs: nowMs, heardMs, revision: this.#client.revision };
      }
      this.#send({ $case: "progressRequest", value: {} });
    }
  }

  #end(failure: RpcFailure): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    this.#abort.abort();
    this.#stream?.close(constants.NGHTTP2_CANCEL);
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    if (listeners.length > 0 && failure.concernsEndpoint) this.#client.failed(this.#endpoint);
    for (const listener of listeners) listener.onEnd(failure);
  }
}

interface Progress {
  /** When the question was asked that is not answered yet. */
  readonly askedMs: number | undefined;
  readonly heardMs: number;
  /** What an answer has to reach. */
  readonly revision: bigint;
}

/** Why a member ended one watch: history that it no longer has, or rights. */
function cancelFailure(response: WatchResponse): RpcFailure {
  if (response.compactRevision > 0n) {
    return new RpcFailure(`the revisions before ${response.compactRevision} were compacted away`, {
      kind: "lost",
      applied: "no",
    });
  }
  const reason = response.cancelReason === "" ? "without a reason" : response.cancelReason;
  const denied = /permission ?denied|auth token/i.test(reason);
  return new RpcFailure(`the member ended the watch: ${reason}`, {
    kind: denied ? "status" : "lost",
    applied: "no",
    ...(denied ? { grpcStatus: status.permissionDenied } : {}),
  });
}
