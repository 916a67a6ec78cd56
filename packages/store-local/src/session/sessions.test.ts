import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import type { StoreFolder } from "../folder/store-folder.ts";
import type { Machine } from "../machine/machine.ts";
import { thisMachine } from "../machine/machine.ts";
import { tempFolder } from "../temp-store.test-support.ts";
import { Sessions } from "./sessions.ts";

const TTL_MS = 5_000;

test("who removes a lease that was renewed meanwhile removes nothing", async () => {
  const { one, other, untilUs } = await twoViews();
  expect(await one.renew("s", { fromUs: untilUs, toUs: untilUs + 1 })).toBe(true);
  expect(await other.end("s", untilUs)).toBe(false);
  expect(await other.inspect("s")).toMatchObject({ untilUs: untilUs + 1 });
});

test("who renews a session that was ended meanwhile revives nothing", async () => {
  const { one, other, untilUs } = await twoViews();
  expect(await other.end("s", untilUs)).toBe(true);
  expect(await one.renew("s", { fromUs: untilUs, toUs: untilUs + 1 })).toBe(false);
  expect(await one.inspect("s")).toBeUndefined();
});

test("of a renewal and an end at the same time exactly one happens", async () => {
  const { folder, machine, one, other } = await twoViews();
  const happened = { renewed: 0, ended: 0 };
  for (let round = 0; round < 300; round++) {
    const id = `s${round}`;
    await one.create(id, { process: machine.self, ttlMs: TTL_MS }, 1);
    const [renewed, ended] = await Promise.all([
      one.renew(id, { fromUs: 1, toUs: 2 }),
      other.end(id, 1),
    ]);
    expect(renewed).toBe(!ended);
    happened[renewed ? "renewed" : "ended"]++;
    expect((await new Sessions(folder, machine).inspect(id)) !== undefined).toBe(renewed);
  }
  expect(happened.renewed + happened.ended).toBe(300);
});

test("an end that stopped half-way is finished by whoever looks next", async () => {
  const { folder, other } = await twoViews();
  // What is left when the lease is removed and its folder is not.
  await mkdir(join(folder.sessions, "half"));
  expect(await other.inspect("half")).toBeUndefined();
  expect(await readdir(folder.sessions)).toEqual(["s"]);
});

test("a reader that sees no lease for a moment does not take the session for dead", async () => {
  const { folder, one, untilUs } = await twoViews();
  const reader = new Sessions(folder, await thisMachine());
  let renewing = true;
  const renewals = (async () => {
    for (let step = 0; step < 2_000; step++) {
      await one.renew("s", { fromUs: untilUs + step, toUs: untilUs + step + 1 });
    }
    renewing = false;
  })();
  let looks = 0;
  while (renewing) {
    expect(await reader.inspect("s")).toBeDefined();
    looks++;
  }
  await renewals;
  expect(looks).toBeGreaterThan(10);
});

test("a session whose lease has run out is dead for all who look, and for itself", async () => {
  const { folder, machine, one, untilUs } = await twoViews();
  const later = { ...machine, nowUs: () => untilUs };
  expect(await new Sessions(folder, later).settle("s")).toBeUndefined();
  expect(await one.renew("s", { fromUs: untilUs, toUs: untilUs + 1 })).toBe(false);
  expect(await one.alive(new Set(["s"]))).toEqual(new Set());
});

test("a session whose process is gone is dead before its lease has run out", async () => {
  const { folder, machine, other } = await twoViews();
  const gone = { ...machine.self, startTime: "1" };
  await other.create("g", { process: gone, ttlMs: TTL_MS }, machine.nowUs() + 1_000_000);
  expect(await other.alive(new Set(["g", "s"]))).toEqual(new Set(["s"]));
  expect(await readdir(folder.sessions)).toEqual(["s"]);
});

test("sweeping removes what dead sessions left, and nothing of the living", async () => {
  const { folder, machine, other, untilUs } = await twoViews();
  await other.create("old", { process: machine.self, ttlMs: TTL_MS }, 1);
  await writeFile(other.socketPath("old"), "");
  await writeFile(other.socketPath("s"), "");
  await writeFile(other.socketPath("forgotten"), "");
  await other.sweep();
  expect(await readdir(folder.sessions)).toEqual(["s"]);
  expect(await readdir(folder.sockets)).toEqual(["s"]);
  expect(await other.inspect("s")).toMatchObject({ untilUs });
});

interface TwoViews {
  readonly folder: StoreFolder;
  readonly machine: Machine;
  readonly one: Sessions;
  readonly other: Sessions;
  readonly untilUs: number;
}

/** One session "s", as two processes see it. */
async function twoViews(): Promise<TwoViews> {
  const machine = await thisMachine();
  const folder = await tempFolder();
  const one = new Sessions(folder, machine);
  const untilUs = machine.nowUs() + TTL_MS * 1000;
  await one.create("s", { process: machine.self, ttlMs: TTL_MS }, untilUs);
  return { folder, machine, one, other: new Sessions(folder, machine), untilUs };
}
