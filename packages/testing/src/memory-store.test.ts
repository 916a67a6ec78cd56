import { MandateError } from "@mandate/election";
import type { Claim, ElectionSnapshot, StoreSession } from "@mandate/election";
import { beforeEach, expect, test } from "vitest";
import type { MemoryStore } from "./memory-store.ts";
import { memoryStore } from "./memory-store.ts";
import { SeededRandom } from "./seeded-random.ts";
import { VirtualClock } from "./virtual-clock.ts";

const election = "billing";
let clock: VirtualClock;
let store: MemoryStore;
let options: { readonly signal: AbortSignal };

beforeEach(() => {
  clock = new VirtualClock();
  store = memoryStore({ clock, random: new SeededRandom(1) });
  options = { signal: new AbortController().signal };
});

const open = async (ttlMs = 1_000): Promise<StoreSession> =>
  await store.openSession({ ttlMs }, options);
const stand = async (session: StoreSession, registration = ""): Promise<Claim> =>
  (await session.stand({ election, registration }, options)).claim;
const read = async (): Promise<ElectionSnapshot> => await store.read(election, options);

test("claims of a session vanish at the instant at which its TTL is over, not before", async () => {
  await stand(await open(1_000));
  await clock.advance(999);
  expect((await read()).claims).toHaveLength(1);
  await clock.advance(1);
  expect((await read()).claims).toHaveLength(0);
});

test("a renewal counts from when the server handled it", async () => {
  const session = await open(1_000);
  await stand(session);
  await clock.advance(900);
  await session.renew(options);
  await clock.advance(999);
  expect((await read()).claims).toHaveLength(1);
  await clock.advance(1);
  expect((await read()).claims).toHaveLength(0);
  await expect(session.renew(options)).rejects.toMatchObject({ code: "SESSION_LOST" });
});

test("an idle server keeps no timer, one with sessions keeps one", async () => {
  expect(clock.pendingTimers).toBe(0);
  const sessions = [await open(3_000), await open(1_000), await open(2_000)];
  expect(clock.pendingTimers).toBe(1);
  for (const session of sessions) await session.close(options);
  await clock.advance(1_000);
  expect(clock.pendingTimers).toBe(0);
});

test("each of many sessions expires at its own time", async () => {
  const names = new Map<string, number>();
  for (const ttlMs of [700, 300, 900, 500]) names.set((await open(ttlMs)).id, ttlMs);
  for (const leftMs of [[700, 900, 500], [700, 900], [900], []]) {
    await clock.advance(leftMs.length === 3 ? 300 : 200);
    expect(store.server.sessionIds.map((id) => names.get(id))).toEqual(leftMs);
  }
});

test("a timer that fires early is set again", async () => {
  const early = memoryStore({
    clock: {
      now: () => clock.now(),
      setTimer: (delayMs, callback) =>
        clock.setTimer(delayMs > 1 ? delayMs - 1 : delayMs, callback),
    },
  });
  const session = await early.openSession({ ttlMs: 1_000 }, options);
  await session.stand({ election, registration: "" }, options);
  let claims: number | undefined;
  early.server.subscribe(election, {
    next: (snapshot) => {
      claims = snapshot.claims.length;
    },
    fail: () => {},
  });
  await clock.advance(999);
  expect(claims).toBe(1);
  await clock.advance(1);
  expect(claims).toBe(0);
});

test("watchers learn of an expiry without asking", async () => {
  await stand(await open(1_000));
  const watch = store.watch(election, options)[Symbol.asyncIterator]();
  expect((await watch.next()).value).toMatchObject({ claims: [{ election }] });
  const next = watch.next();
  await clock.advance(1_000);
  expect((await next).value).toMatchObject({ claims: [] });
  await watch.return?.();
  expect(store.server.subscriptions).toBe(0);
});

test("a session that the server expires early is lost with its claims", async () => {
  const session = await open();
  await stand(session);
  store.server.expireSession(session.id);
  expect((await read()).claims).toEqual([]);
  await expect(session.renew(options)).rejects.toMatchObject({ code: "SESSION_LOST" });
  expect(() => store.server.expireSession(session.id)).toThrow("there is no session");
});

test("a claim that is deleted behind its session's back is gone, the session lives", async () => {
  const session = await open();
  const claim = await stand(session);
  store.server.deleteClaim(claim);
  expect(await session.claims(options)).toEqual([]);
  await session.renew(options);
  expect((await stand(session)).term).toBeGreaterThan(claim.term);
  expect(() => store.server.deleteClaim(claim)).toThrow("there is no claim");
});

test("terms fall after a restore, and sessions of the backup live again", async () => {
  const session = await open(1_000);
  const kept = await stand(session, "kept");
  const backup = store.server.backup();
  await session.withdraw(kept, options);
  const later = await open();
  await stand(later);
  const highest = await stand(await open());
  const { storeId } = await read();
  await clock.advance(900);
  store.server.restore(backup);
  expect(await read()).toMatchObject({ storeId, claims: [kept], revision: kept.term });
  await expect(later.renew(options)).rejects.toMatchObject({ code: "SESSION_LOST" });
  expect((await stand(await open())).term).toBeLessThan(highest.term);
  await clock.advance(999);
  expect((await read()).claims[0]).toEqual(kept);
  await clock.advance(1);
  expect(store.server.sessionIds).not.toContain(session.id);
});

test("a backup of another server is refused", () => {
  const stranger = memoryStore({ clock });
  expect(() => store.server.restore(stranger.server.backup())).toThrow("of another server");
});

test("a server that is replaced is another, empty one", async () => {
  const session = await open();
  await stand(session);
  await store.writeControl({ election, text: "x", expectedVersion: undefined }, options);
  const before = await read();
  store.server.replace();
  const after = await read();
  expect(after).toEqual({ storeId: after.storeId, revision: 0n, claims: [], control: undefined });
  expect(after.storeId).not.toBe(before.storeId);
  await expect(session.renew(options)).rejects.toMatchObject({ code: "SESSION_LOST" });
});

test("a server that is cut off refuses calls and watches until it is healed", async () => {
  const session = await open(1_000);
  const watch = store.watch(election, options)[Symbol.asyncIterator]();
  await watch.next();
  store.server.cut();
  const refused = { code: "STORE_UNAVAILABLE", applied: "no" };
  await expect(watch.next()).rejects.toMatchObject(refused);
  await expect(session.renew(options)).rejects.toMatchObject(refused);
  await expect(store.watch(election, options)[Symbol.asyncIterator]().next()).rejects.toMatchObject(
    refused,
  );
  await clock.advance(1_000);
  store.server.heal();
  await expect(session.renew(options)).rejects.toMatchObject({ code: "SESSION_LOST" });
});

test("stores of one server see each other, stores of two do not", async () => {
  await stand(await open());
  const sibling = memoryStore({ server: store.server });
  const stranger = memoryStore({ clock });
  expect((await sibling.read(election, options)).claims).toHaveLength(1);
  expect((await stranger.read(election, options)).claims).toHaveLength(0);
  await store.close();
  expect((await sibling.read(election, options)).claims).toHaveLength(1);
});

test("the floor of the TTL can be chosen", async () => {
  const strict = memoryStore({ clock, ttlFloorMs: 5_000 });
  expect(strict.capabilities.ttlFloorMs).toBe(5_000);
  const opening = strict.openSession({ ttlMs: 4_999 }, options);
  await expect(opening).rejects.toBeInstanceOf(MandateError);
  await expect(opening).rejects.toMatchObject({ code: "TTL_BELOW_FLOOR", applied: "no" });
  expect((await strict.openSession({ ttlMs: 5_000 }, options)).ttlMs).toBe(5_000);
});

test("what was taken before is not changed by what comes after", async () => {
  const session = await open();
  const claim = await stand(session, "before");
  const before = await read();
  await session.update({ claim, registration: "after" }, options);
  expect(before.claims).toEqual([claim]);
  expect((await read()).claims[0]?.registration).toBe("after");
});
