import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { journalText } from "./run/journal-text.ts";
import { runSeeds } from "./run/run-seeds.ts";
import { simulate } from "./simulate.ts";

const WORLDS = 2_000;

/** Other worlds with each commit, the same ones for the same commit. */
function seedOfCommit(): number {
  try {
    const commit = execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8", stdio: "pipe" });
    return Number.parseInt(commit.slice(0, 8), 16);
  } catch {
    // Not a checkout, or one without a commit: any seed is as good.
    return 1;
  }
}

test(`${WORLDS} worlds keep all promises`, { timeout: 900_000 }, async () => {
  const firstSeed = seedOfCommit();
  process.stdout.write(`worlds from seed ${firstSeed}\n`);
  const jobs = 2;
  const report = await runSeeds({ firstSeed, count: WORLDS, jobs, onProgress: () => {} });
  expect(report.failures).toEqual([]);
  expect(report.ran).toBe(WORLDS);
  // A world in which nobody ever leads would keep every promise.
  expect(report.mandates).toBeGreaterThan(WORLDS);
});

test("a seed gives the same world each time", async () => {
  const hashOf = async (seed: number): Promise<string> => {
    const hash = createHash("sha256");
    await simulate(seed, { reader: (entry, atMs) => void hash.update(journalText(entry, atMs)) });
    return hash.digest("hex");
  };
  for (const seed of [3, 14, 159]) expect(await hashOf(seed)).toBe(await hashOf(seed));
  expect(await hashOf(3)).not.toBe(await hashOf(4));
});
