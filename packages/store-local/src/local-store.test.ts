import { watch } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { acrossProcess } from "@mandate/testing";
import { expect, onTestFinished, test, vi } from "vitest";

import { openStoreFolder } from "./folder/store-folder.ts";
import { local } from "./local.ts";
import { thisMachine } from "./machine/machine.ts";
import { machineOf, openHere, options, tempDirectory } from "./temp-store.test-support.ts";

const TTL_MS = 60_000;
const registration = "a candidate";

test("terms grow over the end of all processes, by close or by SIGKILL", async () => {
  const directory = await tempDirectory();
  const terms: bigint[] = [];
  for (const end of ["close", "kill", "close"] as const) {
    const process = await acrossProcess(local({ directory }));
    const session = await process.openSession({ ttlMs: TTL_MS }, options);
    const { claim, snapshot } = await session.stand({ election: "e", registration }, options);
    terms.push(claim.term);
    expect(snapshot.claims).toEqual([claim]);
    await process[end]();
  }
  expect(terms).toEqual([1n, 2n, 3n]);
});

// Another boot's clock began at another moment: long before this one's, or just now.
test.each([9e9, -1])("terms grow over a reboot (clock %d)", async (offsetUs) => {
  const directory = await tempDirectory();
  const before = await openHere(directory);
  const session = await before.openSession({ ttlMs: TTL_MS }, options);
  const first = await session.stand({ election: "e", registration }, options);
  await before.writeControl({ election: "e", text: "paused", expectedVersion: undefined }, options);

  const machine = await machineOf({ bootId: "the next boot" });
  const shiftUs = offsetUs > 0 ? offsetUs : -machine.nowUs();
  const after = await openHere(directory, { ...machine, nowUs: () => machine.nowUs() + shiftUs });
  expect((await after.read("e", options)).claims).toEqual([]);
  const next = await after.openSession({ ttlMs: TTL_MS }, options);
  const second = await next.stand({ election: "e", registration }, options);
  expect(second.claim.term).toBeGreaterThan(first.claim.term);
  expect(second.snapshot.claims).toEqual([second.claim]);
  expect(second.snapshot.control?.text).toBe("paused");
  expect(second.snapshot.storeId).toBe(first.snapshot.storeId);
});

test("an election's folder stays small, whatever is written in it", async () => {
  const directory = await tempDirectory();
  const store = await openHere(directory);
  for (let version = 0; version < 200; version++) {
    const expectedVersion = version === 0 ? undefined : `${version}`;
    const request = { election: "e", text: `${version}`, expectedVersion };
    expect(await store.writeControl(request, options)).toBe(true);
  }
  const files = await readdir(directory, { recursive: true });
  expect(files.length).toBeLessThan(100);
  expect((await store.read("e", options)).control).toEqual({ text: "199", version: "200" });
});

test("a folder that is removed under a running process becomes another store", async () => {
  const directory = await tempDirectory();
  const store = await openHere(directory);
  const session = await store.openSession({ ttlMs: TTL_MS }, options);
  const { snapshot } = await session.stand({ election: "e", registration }, options);
  const watch = store.watch("e", options);
  expect((await watch.next()).value).toEqual(snapshot);

  await rm(directory, { recursive: true });
  await expect(watch.next()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  await expect(session.renew(options)).rejects.toMatchObject({ code: "SESSION_LOST" });
  await expect(session.stand({ election: "e", registration }, options)).rejects.toMatchObject({
    code: "SESSION_LOST",
  });
  const again = await store.openSession({ ttlMs: TTL_MS }, options);
  const second = await again.stand({ election: "e", registration }, options);
  expect(second.snapshot.storeId).not.toBe(snapshot.storeId);
});

test("a claim whose files are removed by hand is stood for anew", async () => {
  const directory = await tempDirectory();
  const store = await openHere(directory);
  const session = await store.openSession({ ttlMs: TTL_MS }, options);
  const first = await session.stand({ election: "e", registration }, options);
  const files = await readdir(directory, { recursive: true });
  const claim = files.find((file) => /elections\/.*\/1$/.test(file)) ?? "";
  await rm(join(directory, claim));
  expect(await session.claims(options)).toEqual([]);
  const second = await session.stand({ election: "e", registration }, options);
  expect(second.snapshot.claims).toEqual([second.claim]);
  expect(second.claim.sessionId).toBe(first.claim.sessionId);
});

test("nothing is left of a session that was closed, and little of a store", async () => {
  const directory = await tempDirectory();
  const store = await openHere(directory);
  for (let round = 0; round < 5; round++) {
    const session = await store.openSession({ ttlMs: TTL_MS }, options);
    const { claim } = await session.stand({ election: "e", registration }, options);
    await session.update({ claim, registration: "changed" }, options);
    await session.close(options);
  }
  const files = await readdir(directory, { recursive: true });
  expect(files.filter((file) => /(sessions|sockets|temporary)\/.*\//.test(file))).toEqual([]);
  expect(files.filter((file) => /(sessions|sockets)\//.test(file))).toEqual([]);
});

test("a session whose caller gave up is closed again", async () => {
  const directory = await tempDirectory();
  const store = await openHere(directory);
  const { sessions } = await openStoreFolder(directory, await thisMachine());
  const changes: string[] = [];
  const watcher = watch(sessions, (_kind, id) => changes.push(id ?? ""));
  onTestFinished(() => watcher.close());
  const stop = new AbortController();
  const opening = store.openSession({ ttlMs: TTL_MS }, { signal: stop.signal });
  stop.abort(new Error("never mind"));
  await expect(opening).rejects.toThrow("never mind");
  // It comes, and goes.
  await vi.waitFor(() => expect(changes).toHaveLength(2), 10_000);
  expect(changes[1]).toBe(changes[0]);
  expect(await readdir(sessions)).toEqual([]);
});

test("a session that has run out cannot be renewed, even if nobody else has noticed", async () => {
  const machine = await thisMachine();
  let passedUs = 0;
  const nowUs = (): number => machine.nowUs() + passedUs;
  const store = await openHere(await tempDirectory(), { ...machine, nowUs });
  const session = await store.openSession({ ttlMs: TTL_MS }, options);
  passedUs = TTL_MS * 1000 - 1_000_000;
  await session.renew(options);
  passedUs += TTL_MS * 1000 + 1_000;
  await expect(session.renew(options)).rejects.toMatchObject({ code: "SESSION_LOST" });
});

test.each([Number.NaN, Infinity, 1e12])("a TTL of %d is refused", async (ttlMs) => {
  const store = await openHere(await tempDirectory());
  await expect(store.openSession({ ttlMs }, options)).rejects.toMatchObject({
    code: "INVALID_OPTIONS",
  });
});

test("a folder whose path is longer than a socket's may be is a folder like any other", async () => {
  const directory = join(await tempDirectory(), "x".repeat(120), "y".repeat(120));
  const store = await openHere(directory);
  const other = await acrossProcess(local({ directory }));
  const session = await other.openSession({ ttlMs: TTL_MS }, options);
  await session.stand({ election: "e", registration }, options);
  const watch = store.watch("e", options);
  expect((await watch.next()).value?.claims).toHaveLength(1);
  const killed = performance.now();
  await other.kill();
  expect((await watch.next()).value?.claims).toHaveLength(0);
  // Without its socket, the death would be noticed by the look of each second.
  expect(performance.now() - killed).toBeLessThan(900);
  await watch.return(undefined);
});
