import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";

let server: Server;
let proxy: FaultProxy;
const accepted: Socket[] = [];

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    socket.on("data", (data) => socket.write(`echo ${data.toString()}`));
    socket.on("end", () => socket.end());
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  proxy = await startFaultProxy({ host: "127.0.0.1", port });
});

afterEach(async () => {
  await proxy.close();
  for (const socket of accepted.splice(0)) socket.destroy();
  server.close();
});

test("bytes and ends pass both ways", async () => {
  const client = await connectToProxy();
  expect(await ask(client, "a")).toBe("echo a");
  client.end();
  await once(client, "close", { signal: AbortSignal.timeout(5_000) });
});

test("a cut swallows everything, the end of the server too, and healing resets", async () => {
  const client = await connectToProxy();
  expect(await ask(client, "a")).toBe("echo a");
  const [upstream] = accepted;
  const seen: string[] = [];
  upstream?.on("data", (data) => seen.push(`server: ${data.toString()}`));
  client.on("data", (data) => seen.push(`client: ${data.toString()}`));
  for (const event of ["end", "close"]) client.on(event, () => seen.push(event));
  client.on("error", () => undefined);
  proxy.cut();
  client.write("lost");
  upstream?.write("lost too");
  await settled();
  upstream?.destroy();
  const second = await connectToProxy();
  second.on("error", () => undefined);
  await settled();
  expect({ seen, accepted: accepted.length }).toEqual({ seen: [], accepted: 1 });
  const bothReset = [client, second].map(closed);
  proxy.heal();
  await Promise.all(bothReset);
  const third = await connectToProxy();
  expect(await ask(third, "b")).toBe("echo b");
  third.destroy();
});

/** All is in one process, on one machine: what has not come through by then never will. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}

// Not by `once`, which rejects when the reset shows as an error first.
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("close", () => resolve());
  });
}

async function connectToProxy(): Promise<Socket> {
  const socket = connect(Number(proxy.address.split(":")[1]), "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function ask(client: Socket, text: string): Promise<string> {
  client.write(text);
  const [data] = (await once(client, "data", { signal: AbortSignal.timeout(5_000) })) as [Buffer];
  return data.toString();
}
