import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";

import { afterEach, beforeEach, expect, test } from "vitest";

import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
import { waitUntil } from "./wait-until.ts";

let server: Server;
let proxy: TcpProxy;
let received = "";
let accepted: Socket[] = [];

beforeEach(async () => {
  received = "";
  accepted = [];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    socket.on("data", (data) => {
      received += data.toString();
      socket.write(data);
    });
    socket.on("end", () => socket.end("bye"));
    socket.on("error", () => undefined); // resets are what these tests make
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await startTcpProxy({ target: `127.0.0.1:${portOf(server)}` });
});

afterEach(async () => {
  await proxy.close();
  for (const socket of accepted) socket.destroy();
  server.close();
  await once(server, "close");
});

test("carries bytes and a half-close both ways", async () => {
  const client = await open();
  client.send("hello");
  await client.gets("hello");
  client.socket.end();
  await client.gets("hellobye");
  await client.ends();
  expect(client.error).toBeUndefined();
  await waitUntil(() => proxy.connections === 0, { what: "nothing left" });
});

test("carries more than any buffer holds, in order", async () => {
  const client = await open();
  const text = Array.from({ length: 300_000 }, (_, index) => `${index};`).join("");
  client.send(text);
  await waitUntil(() => client.text.length === text.length, { what: "all of it" });
  expect(client.text === text).toBe(true);
});

test("a cut swallows bytes both ways, and nobody is told of anything", async () => {
  const client = await open();
  client.send("a");
  await client.gets("a");
  proxy.cut();
  client.send("b");
  accepted[0]?.end("c");
  await isQuiet(client);
  expect(received).toBe("a");
  expect(client.text).toBe("a");
});

test("a new connection in a cut is accepted and stays mute", async () => {
  proxy.cut();
  const client = await open();
  client.send("a");
  await isQuiet(client);
  expect(accepted).toHaveLength(0);
  expect(client.text).toBe("");
});

test("after a cut the old connections are reset, and new ones work", async () => {
  const before = await open();
  before.send("a");
  await before.gets("a");
  proxy.cut();
  const during = await open();
  during.send("b");
  await isQuiet(during);
  await proxy.heal();
  await before.ends();
  await during.ends();
  expect(before.error).toBe("ECONNRESET");
  expect(during.error).toBe("ECONNRESET");
  await waitUntil(() => accepted[0]?.destroyed === true, { what: "the server to see it too" });
  const after = await open();
  after.send("c");
  await after.gets("c");
  expect(received).toBe("ac");
});

test("a cut towards the client lets the server act, and loses its answer", async () => {
  const client = await open();
  client.send("a");
  await client.gets("a");
  proxy.cut({ direction: "toClient" });
  client.send("b");
  await waitUntil(() => received === "ab", { what: "the server to get it" });
  await isQuiet(client);
  expect(client.text).toBe("a");
  await proxy.heal();
  await client.ends();
  expect(client.error).toBe("ECONNRESET");
});

test("a cut towards the server lets its news through", async () => {
  const client = await open();
  client.send("a");
  await client.gets("a");
  proxy.cut({ direction: "toServer" });
  client.send("b");
  accepted[0]?.write("news");
  await client.gets("anews");
  expect(received).toBe("a");
});

test("a cut of some connections leaves the others alone", async () => {
  const one = await open();
  const other = await open();
  proxy.cut({ only: (port) => port === one.socket.localPort });
  one.send("1");
  other.send("2");
  await other.gets("2");
  await proxy.heal();
  await one.ends();
  expect(received).toBe("2");
  other.send("3");
  await other.gets("23");
});

test("a delay holds each piece back, each way", async () => {
  const client = await open();
  proxy.delay(100);
  const startMs = performance.now();
  client.send("a");
  await waitUntil(() => proxy.connections === 1, { what: "the connection" });
  client.send("b");
  await client.gets("ab");
  expect(performance.now() - startMs).toBeGreaterThan(195);
});

test("keeps the order, up to the end, while the delay changes", async () => {
  const client = await open();
  const pieces = Array.from({ length: 200 }, (_, index) => `${index};`);
  for (const [index, piece] of pieces.entries()) {
    proxy.delay(50 - index * 0.25);
    client.send(piece);
    await nextTurn(); // for the pieces to be read one by one
  }
  proxy.delay(0);
  client.socket.end("last");
  await client.ends();
  expect(received).toBe(`${pieces.join("")}last`);
  expect(client.text).toBe(`${received}bye`);
  expect(client.error).toBeUndefined();
});

test("what is under way when a cut begins is lost", async () => {
  const client = await open();
  const other = await open();
  proxy.delay(100);
  client.send("1");
  await waitUntil(() => client.socket.bytesWritten === 1, { what: "it to be sent" });
  other.send("2");
  await waitUntil(() => other.socket.bytesWritten === 1, { what: "the other to be sent" });
  proxy.cut({ only: (port) => port === client.socket.localPort });
  await other.gets("2");
  expect(received).toBe("2");
});

test("a reset ends both ends with a reset, and new connections work", async () => {
  const client = await open();
  client.send("a");
  await client.gets("a");
  proxy.reset();
  await client.ends();
  expect(client.error).toBe("ECONNRESET");
  const next = await open();
  next.send("b");
  await next.gets("b");
});

test("refuses connections until it is healed, on the same port", async () => {
  const client = await open();
  await proxy.refuse();
  await client.ends();
  expect(client.error).toBe("ECONNRESET");
  await expect(open()).rejects.toThrow("ECONNREFUSED");
  await proxy.heal();
  const next = await open();
  next.send("b");
  await next.gets("b");
});

test("a target that does not run shows as a reset", async () => {
  const port = portOf(server);
  server.close();
  await once(server, "close");
  const client = await open();
  await client.ends();
  expect(client.error).toBe("ECONNRESET");
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
});

interface Client {
  readonly socket: Socket;
  readonly text: string;
  readonly error: string | undefined;
  send(text: string): void;
  gets(text: string): Promise<void>;
  ends(): Promise<void>;
}

async function open(port = proxy.port): Promise<Client> {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  await once(socket, "connect");
  let text = "";
  let error: string | undefined;
  let ended = false;
  socket.setEncoding("utf8").on("data", (data: string) => (text += data));
  socket.on("end", () => (ended = true));
  socket.on("error", (cause) => (error = "code" in cause ? String(cause.code) : cause.message));
  socket.on("close", () => (ended = true));
  return {
    socket,
    get text() {
      return text;
    },
    get error() {
      return error;
    },
    send: (data) => void socket.write(data),
    gets: (wanted) => waitUntil(() => text === wanted, { what: `to get ${wanted}, not ${text}` }),
    ends: () => waitUntil(() => ended, { what: "its end" }),
  };
}

// That nothing comes shows when something that set out later, on a way as long, has come and gone.
async function isQuiet(client: Client): Promise<void> {
  const before = client.text;
  const control = await startTcpProxy({ target: `127.0.0.1:${portOf(server)}` });
  const other = await open(control.port);
  for (let turn = 1; turn <= 5; turn += 1) {
    other.send("x");
    await other.gets("x".repeat(turn));
  }
  await control.close();
  accepted.pop();
  received = received.replaceAll("x", "");
  expect(client.text).toBe(before);
  expect(client.socket.readyState).toBe("open");
}

function portOf(listener: Server): number {
  const address = listener.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}
