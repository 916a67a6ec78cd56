import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Ledger } from "./ledger.ts";
import { ledgerService } from "./ledger-service.ts";

let folder: string;
let ledger: Ledger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mandate-ledger-"));
  ledger = new Ledger(join(folder, "ledger.sqlite"));
});

afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true });
});

const term = (value: bigint) => ({ election: "orders", term: value, check: () => undefined });
const order = { orderId: "order-1", item: "apples", quantity: 2 };

test("the same key gets the first answer again, from a later leader too, and is written once", () => {
  const first = ledger.write(term(3n), { order, idempotencyKey: "k" });
  const again = ledger.write(term(5n), { order, idempotencyKey: "k" });
  expect(first).toEqual({
    receipt: { orderId: "order-1", sequence: 1, term: "3" },
    replayed: false,
  });
  expect(again).toEqual({ ...first, replayed: true });
  expect([...ledger.entries()]).toEqual([{ orderId: "order-1", sequence: 1, term: 3n }]);
});

test("an order under two keys is written twice, and shows as that", () => {
  ledger.write(term(3n), { order, idempotencyKey: "k1" });
  ledger.write(term(3n), { order, idempotencyKey: "k2" });
  expect([...ledger.entries()].map(({ orderId }) => orderId)).toEqual(["order-1", "order-1"]);
});

test("after the fence is raised an older term writes nothing", () => {
  ledger.raise(term(2n ** 62n));
  expect(() => ledger.write(term(2n ** 62n - 1n), { order, idempotencyKey: "k" })).toThrow(
    expect.objectContaining({ code: "STALE_TERM" }),
  );
  expect(ledger.lastSequence()).toBe(0);
});

test("over HTTP a late write is answered with 412 and counted; a late fence is not a write", async () => {
  const stale: string[] = [];
  const onStaleWrite = (late: string): void => void stale.push(late);
  const answer = ledgerService({ ledger, election: "orders", onStaleWrite });
  const headers = (value: number) => ({
    "mandate-election": "orders",
    "mandate-term": String(value),
    "idempotency-key": "k",
  });
  const body = JSON.stringify(order);
  const post = (path: string, value: number) =>
    answer({ method: "POST", path, headers: headers(value), body });
  expect((await post("/fence", 5)).status).toBe(204);
  expect((await post("/fence", 4)).status).toBe(412);
  expect((await post("/orders", 4)).status).toBe(412);
  expect((await post("/orders", 5)).status).toBe(201);
  expect((await post("/orders", 6)).status).toBe(200);
  expect((await post("/orders", 5)).status).toBe(412);
  expect(stale).toEqual(["4", "5"]);
});

test.for([
  ["no mandate", {}, 428],
  ["another election", { "mandate-election": "x", "mandate-term": "1" }, 400],
] as const)("over HTTP a write with %s is refused", async ([, mandate, status]) => {
  const answer = ledgerService({ ledger, election: "orders", onStaleWrite: () => undefined });
  const headers = { "idempotency-key": "k", ...mandate };
  const request = { method: "POST", path: "/orders", headers, body: JSON.stringify(order) };
  expect((await answer(request)).status).toBe(status);
  expect(ledger.lastSequence()).toBe(0);
});
