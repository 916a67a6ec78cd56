import { constants } from "node:http2";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";

import { isTlsError } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { encodeFrame, FrameReader } from "./frames.ts";
import { RpcFailure, status, statusFailure } from "./rpc-failure.ts";

/**
 * A call that is given up later than this, in milliseconds, speaks against its endpoint; one that
 * is given up earlier may only not be wanted any more.
 */
export const patienceMs = 100;

/** How a {@link unaryCall} is made. */
export interface UnaryCallOptions {
  readonly path: string;
  readonly body: Uint8Array;
  readonly headers: OutgoingHttpHeaders;
  /** How long the answer may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/**
 * One request and its one answer, undecoded. Settles at the deadline or abort at the latest.
 * @throws RpcFailure, or the reason of `signal`.
 */
export function unaryCall(connection: Connection, options: UnaryCallOptions): Promise<Buffer> {
  const { signal, deadlineMs } = options;
  const beganMs = performance.now();
  const bytesBefore = connection.bytesReceived;
  const stream = connection.request(options.path, {
    ...options.headers,
    "grpc-timeout": `${Math.max(1, Math.ceil(deadlineMs))}m`,
  });
  const answer = new AnswerReader();
  return new Promise<Buffer>((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
    };
    const leave = (reason: unknown): void => {
      settle();
      stream.close(constants.NGHTTP2_CANCEL);
      // Not one byte in all this time: the connection is dead, perhaps, or its server stands still,
      // and the next call shall not find that out by waiting.
      const mute = connection.bytesReceived === bytesBefore;
      if (mute && performance.now() - beganMs >= patienceMs) connection.doubt();
      reject(reason);
    };
    const aborted = (): void => leave(signal.reason);
    const timer = setTimeout(() => {
      const message = `no answer in ${Math.round(deadlineMs)} ms`;
      leave(new RpcFailure(message, { kind: "deadline", applied: "unknown" }));
    }, deadlineMs);
    signal.addEventListener("abort", aborted, { once: true });
    stream.on("response", (headers) => answer.head(headers));
    stream.on("trailers", (headers) => answer.tail(headers));
    stream.on("data", (chunk: Buffer) => answer.data(chunk));
    stream.on("error", (error) => answer.broke(error));
    stream.on("close", () => {
      settle();
      try {
        resolve(answer.end(stream.rstCode));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    stream.end(encodeFrame(options.body));
  });
}

/** Puts one answer together: headers, messages, trailers; or trailers alone. */
class AnswerReader {
  readonly #frames = new FrameReader();
  #message: Buffer | undefined;
  #status: number | undefined;
  #statusText = "";
  #httpStatus: number | undefined;
  #error: Error | undefined;

  head(headers: IncomingHttpHeaders & { readonly ":status"?: number | undefined }): void {
    this.#httpStatus = headers[":status"];
    this.tail(headers);
  }

  tail(headers: IncomingHttpHeaders): void {
    const grpcStatus = headers["grpc-status"];
    if (grpcStatus === undefined) return;
    this.#status = Number(grpcStatus);
    this.#statusText = grpcMessage(headers);
  }

  data(chunk: Buffer): void {
    if (this.#error !== undefined) return;
    try {
      for (const message of this.#frames.push(chunk)) this.#message ??= message;
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error(String(error));
    }
  }

  broke(error: Error): void {
    this.#error ??= error;
  }

  end(resetCode: number): Buffer {
    if (this.#status !== undefined && this.#status !== status.ok) {
      throw statusFailure(this.#status, this.#statusText);
    }
    if (this.#error instanceof RpcFailure) throw this.#error;
    if (this.#status === status.ok && this.#message !== undefined) return this.#message;
    throw brokenAnswer({ resetCode, error: this.#error, httpStatus: this.#httpStatus });
  }
}

/** What a stream that ended without a gRPC status says of the request. */
export function brokenAnswer(end: {
  readonly resetCode: number;
  readonly error: Error | undefined;
  readonly httpStatus: number | undefined;
}): RpcFailure {
  const { error, resetCode, httpStatus } = end;
  // Under TLS 1.3 a server refuses the client's certificate after the handshake: as a first answer.
  if (error !== undefined && isTlsError(error)) {
    return new RpcFailure(error.message, { kind: "tls", applied: "no", cause: error });
  }
  if (httpStatus !== undefined && httpStatus !== 200) {
    const message = `HTTP status ${httpStatus} instead of an answer of etcd`;
    return new RpcFailure(message, { kind: "protocol", applied: "unknown" });
  }
  const refused = resetCode === constants.NGHTTP2_REFUSED_STREAM;
  return new RpcFailure(
    refused ? "the server refused the request" : "the connection broke before the answer",
    {
      kind: "lost",
      applied: refused ? "no" : "unknown",
      ...(error === undefined ? {} : { cause: error }),
    },
  );
}

/** The text beside a gRPC status, decoded. */
export function grpcMessage(headers: IncomingHttpHeaders): string {
  const text = headers["grpc-message"];
  if (typeof text !== "string") return "";
  try {
    return decodeURIComponent(text);
  } catch {
    // A server that sends a bare "%" still means its text.
    return text;
  }
}
