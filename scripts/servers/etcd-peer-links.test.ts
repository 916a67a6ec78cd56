import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

import { afterEach, beforeEach, expect, test } from "vitest";

import { type EtcdPeerLinks, openEtcdPeerLinks } from "./etcd-peer-links.ts";
import { waitUntil } from "./wait-until.ts";

// This process stands for member `a`; `b` and `c` only listen.
let servers: readonly Server[] = [];
let links: EtcdPeerLinks;
const sockets: Socket[] = [];

beforeEach(async () => {
  const names = ["a", "b", "c"];
  const targets = new Map<string, string>();
  servers = names.map(() =>
    createServer((socket) => socket.pipe(socket).on("error", () => undefined)),
  );
  for (const [index, server] of servers.entries()) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    targets.set(names[index] ?? "", `http://127.0.0.1:${port}`);
  }
  const members = names.map((name) => ({ name, pid: name === "a" ? process.pid : process.ppid }));
  links = await openEtcdPeerLinks({ targets, members: () => members });
});

afterEach(async () => {
  await links.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers) server.close();
});

test("an isolated member is reached by no other, the rest reach each other", async () => {
  const [toB, toC] = [await open("b"), await open("c")];
  await Promise.all([toB.echoes(), toC.echoes()]);
  links.isolate("b");
  const late = await open("b");
  toB.send();
  late.send();
  await toC.echoes();
  expect([toB.text, late.text]).toEqual(["x", ""]);
});

test("an isolated member reaches no other", async () => {
  const [toB, toC] = [await open("b"), await open("c")];
  await Promise.all([toB.echoes(), toC.echoes()]);
  links.isolate("a");
  const late = await open("c");
  for (const link of [toB, toC, late]) link.send();
  await links.rejoin("a");
  await waitUntil(() => [toB, toC, late].every((link) => link.ended), { what: "resets" });
  expect([toB.text, toC.text, late.text]).toEqual(["x", "x", ""]);
  await (await open("b")).echoes();
});

test("a member that rejoins leaves the others isolated that are", async () => {
  links.isolate("b");
  links.isolate("c");
  await links.rejoin("b");
  const [toB, toC] = [await open("b"), await open("c")];
  toC.send();
  await toB.echoes();
  expect(toC.text).toBe("");
});

interface Link {
  readonly text: string;
  readonly ended: boolean;
  send(): void;
  /** Sends, and waits for the answer. */
  echoes(): Promise<void>;
}

async function open(member: string): Promise<Link> {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(links.urlOf(member)).port) });
  sockets.push(socket);
  await once(socket, "connect");
  let text = "";
  let ended = false;
  socket.setEncoding("utf8").on("data", (data: string) => (text += data));
  socket.on("error", () => undefined); // resets are what these tests make
  socket.on("close", () => (ended = true));
  const send = (): void => void socket.write("x");
  return {
    get text() {
      return text;
    },
    get ended() {
      return ended;
    },
    send,
    async echoes() {
      const before = text;
      send();
      await waitUntil(() => text === `${before}x`, { what: `an answer of ${member}` });
    },
  };
}
