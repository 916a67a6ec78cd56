import { expect, test } from "vitest";
import { MemoryServer } from "./memory-server.ts";
import { WireServer } from "./wire-server.ts";
import type { ServerMessage } from "./wire.ts";

const election = "billing";

const write = (server: MemoryServer, text: string): void => {
  const read = server.handle({ kind: "read", body: { election } });
  const expectedVersion = read.ok ? read.reply.control?.version : undefined;
  server.handle({ kind: "writeControl", body: { election, text, expectedVersion } });
};

test("one snapshot is under way at most, and the next one is the latest", () => {
  const memory = new MemoryServer();
  const sent: ServerMessage[] = [];
  const server = new WireServer(memory.connect(), (message) => sent.push(message));
  server.receive({ kind: "subscribe", id: 7, election });
  for (let change = 1; change <= 100; change++) write(memory, `change ${change}`);
  expect(sent).toMatchObject([{ kind: "snapshot", id: 7, snapshot: { control: undefined } }]);
  server.receive({ kind: "received", id: 7 });
  expect(sent.slice(1)).toMatchObject([{ snapshot: { control: { text: "change 100" } } }]);
  server.receive({ kind: "received", id: 7 });
  expect(sent).toHaveLength(2);
});

test("nothing is left running when the client unsubscribes or is gone", () => {
  const memory = new MemoryServer();
  const server = new WireServer(memory.connect(), () => {});
  for (const id of [1, 2, 3]) server.receive({ kind: "subscribe", id, election });
  expect(memory.subscriptions).toBe(3);
  server.receive({ kind: "unsubscribe", id: 2 });
  expect(memory.subscriptions).toBe(2);
  server.stop();
  expect(memory.subscriptions).toBe(0);
});

test("a subscription that fails says so after its last snapshot", () => {
  const memory = new MemoryServer();
  const sent: ServerMessage[] = [];
  const server = new WireServer(memory.connect(), (message) => sent.push(message));
  server.receive({ kind: "subscribe", id: 1, election });
  memory.cut();
  expect(sent).toMatchObject([
    { kind: "snapshot", id: 1 },
    { kind: "failed", id: 1, error: { code: "STORE_UNAVAILABLE" } },
  ]);
});
