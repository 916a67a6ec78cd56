import { constants } from "node:http2";

import { afterEach, expect, test } from "vitest";

import type { ConnectionTarget } from "./connection.ts";
import { EtcdClient } from "./etcd-client.ts";
import type { RunOptions } from "./etcd-client.ts";
import { encodeFrame, maxMessageBytes } from "./frames.ts";
import { methods } from "./methods.ts";
import {
  answerEmpty,
  answerStatus,
  answerWith,
  startMuteServer,
  startOddServer,
} from "./odd-server.test-support.ts";

const clients: EtcdClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

const range = { key: Buffer.from("a"), rangeEnd: Buffer.alloc(0) };

test("an error that comes as headers alone has its status and its text", async () => {
  await using server = await startOddServer((stream) => answerStatus(stream, 7, "no ü here"));
  await expect(read(clientOf(server))).rejects.toMatchObject({
    kind: "status",
    grpcStatus: 7,
    message: "no ü here",
    applied: "no",
  });
  expect(server.requests).toBe(1);
});

test("an answer that comes byte by byte is put together", async () => {
  await using server = await startOddServer((stream) => {
    const bytes = encodeFrame(Uint8Array.from([0x0a, 0x02, 0x18, 0x2a]));
    answerWith(stream, ...[...bytes].map((byte) => Uint8Array.of(byte)));
  });
  expect(await read(clientOf(server))).toMatchObject({ header: { revision: 42n } });
});

test("a request that the server refused was not carried out, and goes to the next", async () => {
  await using refusing = await startOddServer((stream) =>
    stream.close(constants.NGHTTP2_REFUSED_STREAM),
  );
  await using good = await startOddServer(answerEmpty);
  const client = clientOf(refusing, good);
  await expect(read(client, { retry: "not-applied" })).resolves.toMatchObject({ kvs: [] });
  expect(refusing.requests).toBe(1);
  await read(client);
  expect(refusing.requests).toBe(1);
});

test("a request that broke on its way is not repeated unless that is harmless", async () => {
  await using breaking = await startOddServer((stream) =>
    stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  );
  await using good = await startOddServer(answerEmpty);
  await expect(read(clientOf(breaking, good), { retry: "not-applied" })).rejects.toMatchObject({
    kind: "lost",
    applied: "unknown",
  });
  expect(good.requests).toBe(0);
  await expect(read(clientOf(breaking, good), { retry: "always" })).resolves.toBeDefined();
});

test("what every member would answer the same is not asked of the next", async () => {
  await using denying = await startOddServer((stream) => answerStatus(stream, 7, "denied"));
  await using good = await startOddServer(answerEmpty);
  await expect(read(clientOf(denying, good))).rejects.toMatchObject({ grpcStatus: 7 });
  expect(good.requests).toBe(0);
});

test("a server that goes away finishes what it has, and the next call gets a connection", async () => {
  await using server = await startOddServer((stream, request) => {
    if (request === 1) stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
    answerEmpty(stream);
  });
  const client = clientOf(server);
  await read(client);
  await read(client);
  expect(server.sessions).toHaveLength(2);
});

test("a connection that the server closed while it was idle is replaced", async () => {
  await using server = await startOddServer(answerEmpty);
  const client = clientOf(server);
  await read(client);
  server.sessions[0]?.destroy();
  await read(client, { retry: "not-applied" });
  expect(server.sessions).toHaveLength(2);
});

test("many calls share one connection, also where a server takes few at once", async () => {
  await using server = await startOddServer(answerEmpty, { maxConcurrentStreams: 10 });
  const client = clientOf(server);
  await Promise.all(Array.from({ length: 500 }, () => read(client)));
  expect(server.sessions).toHaveLength(1);
});

test("a server that never begins HTTP/2 is left by the deadline, for calls and the next", async () => {
  await using mute = await startMuteServer();
  await using good = await startOddServer(answerEmpty);
  const client = clientOf(mute, good);
  const beganMs = performance.now();
  await expect(read(client, { attemptMs: 200, retry: "not-applied" })).resolves.toBeDefined();
  expect(performance.now() - beganMs).toBeGreaterThan(190);
  const againMs = performance.now();
  await read(client);
  expect(performance.now() - againMs).toBeLessThan(1_000);
});

test("a server that does not answer is left by the caller's deadline, too", async () => {
  await using silent = await startOddServer(() => undefined);
  await using good = await startOddServer(answerEmpty);
  const client = clientOf(silent, good);
  await expect(read(client, { signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/);
  await expect(read(client)).resolves.toBeDefined();
  expect(silent.requests).toBe(1);
});

test("after a call without one byte of an answer the next call gets another connection", async () => {
  await using server = await startOddServer((stream, request) => {
    if (request !== 2) answerEmpty(stream);
  });
  const client = clientOf(server);
  await read(client);
  await expect(read(client, { attemptMs: 200 })).rejects.toMatchObject({
    kind: "deadline",
    applied: "unknown",
  });
  await expect(read(client)).resolves.toBeDefined();
  expect(server.sessions).toHaveLength(2);
});

test("a call that was given up early speaks neither against endpoint nor connection", async () => {
  const abort = new AbortController();
  await using server = await startOddServer((stream, request) => {
    if (request === 2) abort.abort(new Error("not wanted"));
    else answerEmpty(stream);
  });
  await using other = await startOddServer(answerEmpty);
  const client = clientOf(server, other);
  await read(client);
  await expect(read(client, { signal: abort.signal })).rejects.toThrow("not wanted");
  await read(client);
  expect(server.sessions).toHaveLength(1);
  expect(other.requests).toBe(0);
});

test("an answer longer than the limit, or that is no answer of gRPC, is refused", async () => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(maxMessageBytes + 1, 1);
  await using long = await startOddServer((stream) => answerWith(stream, prefix));
  await using none = await startOddServer((stream) => answerWith(stream));
  await using garbled = await startOddServer((stream) =>
    answerWith(stream, encodeFrame(Uint8Array.of(0x0a, 0x7f))),
  );
  await using gateway = await startOddServer((stream) =>
    stream.respond({ ":status": 502 }, { endStream: true }),
  );
  await expect(read(clientOf(long))).rejects.toThrow(/longer than/);
  await expect(read(clientOf(none))).rejects.toMatchObject({ kind: "lost" });
  await expect(read(clientOf(garbled))).rejects.toThrow(/cannot be decoded/);
  await expect(read(clientOf(gateway))).rejects.toThrow(/HTTP status 502/);
});

test("a failure of all endpoints names each, and says that nothing was done", async () => {
  await using refusing = await startOddServer((stream) =>
    answerStatus(stream, 14, "etcdserver: no leader"),
  );
  const gone = await startOddServer(answerEmpty);
  await gone[Symbol.asyncDispose]();
  const failure = read(clientOf(gone, refusing), { retry: "not-applied" });
  await expect(failure).rejects.toMatchObject({ applied: "no" });
  await expect(failure).rejects.toThrow(
    new RegExp(`${gone.target.authority}.*ECONNREFUSED.*; .*no leader`),
  );
});

test("closing breaks a connection that is in doubt and has calls under way, too", async () => {
  await using server = await startOddServer((stream, request) => {
    if (request === 1 || request === 4) answerEmpty(stream);
  });
  const client = clientOf(server);
  await read(client);
  const hanging = read(client);
  await expect(read(client, { attemptMs: 150 })).rejects.toMatchObject({ kind: "deadline" });
  await read(client);
  expect(server.sessions).toHaveLength(2);
  client.close();
  await expect(hanging).rejects.toMatchObject({ kind: "lost" });
});

test("closing fails what is in flight", async () => {
  await using server = await startOddServer(() => undefined);
  const client = clientOf(server);
  const call = read(client);
  await expect.poll(() => server.requests).toBe(1);
  client.close();
  await expect(call).rejects.toMatchObject({ kind: "lost", applied: "unknown" });
});

function clientOf(...servers: readonly { readonly target: ConnectionTarget }[]): EtcdClient {
  const targets = servers.map(({ target }) => target);
  const client = new EtcdClient({ targets, credentials: undefined });
  clients.push(client);
  return client;
}

function read(client: EtcdClient, options: Partial<RunOptions> = {}): Promise<unknown> {
  return client.call(methods.range, range, {
    signal: new AbortController().signal,
    attemptMs: 5_000,
    retry: "always",
    ...options,
  });
}
