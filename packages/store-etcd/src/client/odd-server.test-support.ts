import http2 from "node:http2";
import type { ServerHttp2Session, ServerHttp2Stream, Settings } from "node:http2";
import net from "node:net";
import type { AddressInfo } from "node:net";

import { RangeResponse } from "../gen/etcd.ts";
import type { ConnectionTarget } from "./connection.ts";
import { encodeFrame } from "./frames.ts";

/**
 * A server of HTTP/2 that answers as a test says: what etcd does seldom, or only when it breaks.
 */
export interface OddServer extends AsyncDisposable {
  readonly target: ConnectionTarget;
  /** How many requests came. */
  readonly requests: number;
  /** Connections so far, the last one last. */
  readonly sessions: readonly ServerHttp2Session[];
}

/**
 * Starts an {@link OddServer}; `answer` gets each request, its number and its path, once its body
 * has come.
 */
export async function startOddServer(
  answer: (stream: ServerHttp2Stream, request: number, path: string) => void,
  settings: Settings = {},
): Promise<OddServer> {
  const server = http2.createServer({ settings });
  const sessions: ServerHttp2Session[] = [];
  let requests = 0;
  server.on("session", (session) => {
    sessions.push(session);
    session.on("error", () => undefined);
  });
  server.on("stream", (stream, headers) => {
    requests += 1;
    const request = requests;
    stream.on("error", () => undefined);
    stream.on("end", () => answer(stream, request, headers[":path"] ?? ""));
    stream.resume();
  });
  await listen(server);
  return {
    target: targetOf(server),
    get requests() {
      return requests;
    },
    sessions,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await close(server);
    },
  };
}

/** A server that accepts connections and never says a word. */
export async function startMuteServer(): Promise<
  AsyncDisposable & { readonly target: ConnectionTarget }
> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).resume();
  });
  await listen(server);
  return {
    target: targetOf(server),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await close(server);
    },
  };
}

/** Answers as etcd does when there is nothing under a key. */
export function answerEmpty(stream: ServerHttp2Stream): void {
  answerWith(stream, encodeFrame(RangeResponse.encode({ header, kvs: [] }).finish()));
}

/** Answers with these bytes, and success. */
export function answerWith(stream: ServerHttp2Stream, ...chunks: readonly Uint8Array[]): void {
  stream.respond(grpcHeaders, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
}

/** Answers with an error as gRPC does: by headers alone. */
export function answerStatus(stream: ServerHttp2Stream, status: number, message: string): void {
  const headers = { "grpc-status": String(status), "grpc-message": encodeURIComponent(message) };
  stream.respond({ ...grpcHeaders, ...headers }, { endStream: true });
}

const grpcHeaders = { ":status": 200, "content-type": "application/grpc" };
const header = { clusterId: 1n, memberId: 1n, revision: 1n, raftTerm: 1n };

function targetOf(server: net.Server): ConnectionTarget {
  const { port } = server.address() as AddressInfo;
  return { host: "127.0.0.1", port, authority: `127.0.0.1:${port}`, tls: undefined };
}

function listen(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

function close(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
