import { afterEach, beforeEach, expect, test } from "vitest";
import { memoryStore } from "@mandate/testing";
import { openOperator, openSession } from "@mandate/election";
import { World } from "../world.test-support.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.stop());

test.for([
  [{ candidate: { id: "" } }, "INVALID_NAME", /candidate's name/],
  [{ candidate: { id: "a\nb" } }, "INVALID_NAME", /control/],
  [{ candidate: { region: "a\u0000" } }, "INVALID_NAME", /region/],
  [{ candidate: { url: "10.0.0.1" } }, "INVALID_OPTIONS", /no URL: give one such as/],
  [{ candidate: { priority: 5_000 } }, "INVALID_OPTIONS", /from -1000 to 1000/],
  [{ candidate: { priority: Number.NaN } }, "INVALID_OPTIONS", /priority/],
  [{ ttlMs: 50 }, "TTL_BELOW_FLOOR", /set ttlMs to 100 or more/],
  [{ ttlMs: 2_000, drainMs: 1_500 }, "INVALID_OPTIONS", /raise ttlMs/],
  [{ termFloor: -1n }, "INVALID_OPTIONS", /bigint/],
  [{ termFloor: 5 as unknown as bigint }, "INVALID_OPTIONS", /bigint/],
  [{ onOverrun: "panic" as "hold" }, "INVALID_OPTIONS", /"hold", "release" or "exit"/],
  [{ openTimeoutMs: 0 }, "INVALID_OPTIONS", /openTimeoutMs/],
] as const)("refuses %o at once, and leaves nothing behind", async ([options, code, message]) => {
  const opening = openSession(memoryStore(), options);
  await expect(opening).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test.for([
  ["file:///nowhere/store.js", /cannot be loaded: is it installed/],
  ["node:path", /exports no openStore/],
] as const)("refuses %s as a store, and says why", async ([module, message]) => {
  const opening = openSession({ module, options: {} });
  await expect(opening).rejects.toMatchObject({
    code: "UNKNOWN_STORE",
    message: expect.stringMatching(message),
  });
  await expect(openOperator({ module, options: {} })).rejects.toMatchObject({
    code: "UNKNOWN_STORE",
  });
});

test("gives up on a store that is not there after openTimeoutMs", async () => {
  world.server.cut();
  const fromMs = world.clock.now().monotonicMs;
  const opening = world.settle(world.open("a", { openTimeoutMs: 3_000 }));
  await expect(opening).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  const tookMs = world.clock.now().monotonicMs - fromMs;
  expect(tookMs).toBeGreaterThan(2_000);
  expect(tookMs).toBeLessThanOrEqual(3_000);
  expect(world.clock.pendingTimers).toBe(0);
});

test("gives up on a store that does not answer after openTimeoutMs", async () => {
  world.fate = () => "lose-request";
  const opening = world.settle(world.open("a", { openTimeoutMs: 3_000 }));
  await expect(opening).rejects.toMatchObject({ code: "TIMEOUT" });
  expect(world.clock.now().monotonicMs).toBeLessThanOrEqual(3_000);
});

test("opens when the store comes up in time", async () => {
  world.server.cut();
  world.clock.setTimer(1_000, () => world.server.heal());
  const session = await world.settle(world.open("a"));
  expect(session.valid).toBe(true);
  await world.settle(session.close());
});

test("gives up opening when the signal aborts, with its reason", async () => {
  const stop = new AbortController();
  world.fate = () => "lose-request";
  const opening = world.open("a", { signal: stop.signal });
  world.clock.setTimer(100, () => stop.abort("not today"));
  await expect(world.settle(opening)).rejects.toBe("not today");
  expect(world.clock.now().monotonicMs).toBe(100);
  const aborted = AbortSignal.abort("never");
  await expect(world.open("a", { signal: aborted })).rejects.toBe("never");
});

test("refuses names and options of an election at once", async () => {
  const session = await world.open("a");
  expect(() => session.election("")).toThrow(expect.objectContaining({ code: "INVALID_NAME" }));
  expect(() => session.election("jobs", { minimumTenureMs: -1 })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTIONS" }),
  );
  await world.settle(session.close());
});

test("an operator that is closed says so", async () => {
  const operator = await openOperator(memoryStore());
  await operator.close();
  await operator.close();
  expect(() => operator.election("jobs")).toThrow(expect.objectContaining({ code: "CLOSED" }));
});

test("a session that was never used leaves no timer and no claim when it is closed", async () => {
  const session = await world.open("a");
  await world.settle(session.close());
  await world.clock.advance(2_000);
  expect(world.clock.pendingTimers).toBe(0);
  expect(session.valid).toBe(false);
});
