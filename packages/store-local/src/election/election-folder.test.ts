import { readdir } from "node:fs/promises";

import { expect, test } from "vitest";

import type { StoreFolder } from "../folder/store-folder.ts";
import { tempFolder } from "../temp-store.test-support.ts";
import { ElectionFolder } from "./election-folder.ts";
import type { Listing } from "./listing.ts";

test("numbers grow from claim to claim, whoever makes them and whatever was cleared out", async () => {
  const folder = await tempFolder();
  let greatest = 0;
  const all: number[] = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const election = new ElectionFolder(folder, "busy");
      for (let round = 0; round < 60; round++) {
        const before = greatest;
        const number = await addClaim(election);
        expect(number).toBeGreaterThan(before);
        greatest = Math.max(greatest, number);
        all.push(number);
        await election.markGone(number);
        await tidy(election);
      }
    }),
  );
  expect(new Set(all).size).toBe(480);
  expect(greatest).toBe(480);
});

test("a number is not given again to a process that was stopped before it took it", async () => {
  const folder = await tempFolder();
  const stopped = new StoppingFolder(folder, "slow");
  const other = new ElectionFolder(folder, "slow");
  await other.markGone(await addClaim(other));
  const late = addClaim(stopped);
  await stopped.reached;
  for (let round = 0; round < 200; round++) {
    await other.markGone(await addClaim(other));
    await tidy(other);
  }
  stopped.goOn();
  expect(await late).toBe(202);
});

test("a control record's version is not given again to a process that was stopped", async () => {
  const folder = await tempFolder();
  const stopped = new StoppingFolder(folder, "slow");
  const other = new ElectionFolder(folder, "slow");
  expect(await other.writeControl("1", undefined)).toBe(true);
  const late = stopped.writeControl("late", 1);
  await stopped.reached;
  for (let version = 1; version < 200; version++) {
    expect(await other.writeControl(`${version + 1}`, version)).toBe(true);
    await tidy(other);
  }
  stopped.goOn();
  expect(await late).toBe(false);
  const listing = await list(other);
  expect(listing.control).toBe(200);
  expect(await other.read(listing.generation, { kind: "control", version: 200 })).toBe("200");
});

test("a withdrawal that comes late removes no later claim", async () => {
  const folder = await tempFolder();
  const stopped = new StoppingFolder(folder, "slow");
  const other = new ElectionFolder(folder, "slow");
  const first = await addClaim(other);
  const late = stopped.markGone(first);
  await stopped.reached;
  await other.markGone(first);
  for (let round = 0; round < 100; round++) {
    await other.markGone(await addClaim(other));
    await tidy(other);
  }
  const last = await addClaim(other);
  stopped.goOn();
  await late;
  expect((await list(other)).claims.map(({ number }) => number)).toEqual([last]);
});

test("a claim's registration is replaced, and keeps its place through a clearing", async () => {
  const election = new ElectionFolder(await tempFolder(), "e");
  const number = await addClaim(election);
  for (let version = 1; version < 5; version++) {
    await election.addRegistration(number, version, `registration ${version}`);
    for (let round = 0; round < 40; round++) await election.markGone(await addClaim(election));
    await tidy(election);
  }
  const { claims, generation } = await list(election);
  expect(claims).toEqual([{ number, registration: 4 }]);
  const entry = { kind: "registration", number, version: 4 } as const;
  expect(await election.read(generation, entry)).toBe("registration 4");
});

test("an election's folder stays small, however many stood in it", async () => {
  const folder = await tempFolder();
  const election = new ElectionFolder(folder, "e");
  let most = 0;
  for (let round = 0; round < 500; round++) {
    await election.markGone(await addClaim(election));
    await tidy(election);
    const { generation } = await list(election);
    most = Math.max(most, (await readdir(election.path(generation))).length);
  }
  expect(most).toBeLessThan(80);
});

test("reading an election in which nobody stood makes nothing", async () => {
  const folder = await tempFolder();
  expect(await new ElectionFolder(folder, "none").list()).toBeUndefined();
  expect(await readdir(folder.elections)).toEqual([]);
});

/** Stops once, after it has looked at the election and before it changes it. */
class StoppingFolder extends ElectionFolder {
  readonly #reached = Promise.withResolvers<void>();
  readonly #goOn = Promise.withResolvers<void>();
  readonly reached: Promise<void>;

  constructor(folder: StoreFolder, election: string) {
    super(folder, election);
    this.reached = this.#reached.promise;
  }

  goOn(): void {
    this.#goOn.resolve();
  }

  override async list(): Promise<Listing | undefined> {
    const listing = await super.list();
    this.#reached.resolve();
    await this.#goOn.promise;
    return listing;
  }
}

async function addClaim(election: ElectionFolder): Promise<number> {
  const numbers: number[] = [];
  await election.addClaim("{}", (number) => numbers.push(number));
  expect(numbers).toHaveLength(1);
  return numbers[0] ?? 0;
}

async function tidy(election: ElectionFolder): Promise<void> {
  const listing = await list(election);
  await election.tidy(listing, new Set(listing.claims.map(({ number }) => number)));
}

async function list(election: ElectionFolder): Promise<Listing> {
  const listing = await election.list();
  if (listing === undefined) throw new Error("the election is not there");
  return listing;
}
