import { expect, test } from "vitest";

import { Contender } from "./contender.test-support.ts";
import type { Reign } from "./contender.test-support.ts";
import { openHere, options, tempDirectory } from "./temp-store.test-support.ts";

const STOPS = 1_000;
/** Every so many stops, one that lasts longer than a TTL. */
const LONG_EVERY = 100;
const LONG_MS = 1_700;
/** What the others may take for two calls, on a busy machine, while one is stopped. */
const DEADLINE_MS = 5_000;

test("a process that is stopped at any moment blocks no other", { timeout: 240_000 }, async () => {
  const seed = Number(process.env["MANDATE_SEED"] ?? Date.now() % 1_000_000);
  console.log(`seed ${seed} (MANDATE_SEED=${seed} repeats the order of the stops)`);
  const chance = generator(seed);
  const directory = await tempDirectory();
  const contenders = Array.from({ length: 4 }, () => new Contender(directory, "e"));
  await Promise.all(contenders.map((contender) => contender.progress(20, 20_000)));

  const waitsMs: number[] = [];
  for (let stop = 1; stop <= STOPS; stop++) {
    const victim = contenders[Math.floor(chance() * contenders.length)];
    if (victim === undefined) throw new Error("no victim");
    const others = contenders.filter((contender) => contender !== victim);
    // A moment in its work: after so many of its calls, and a part of the next one.
    await victim.progress(Math.floor(chance() * 3), DEADLINE_MS);
    await spin(chance() * 2);
    const stoppedMs = performance.now();
    victim.stop();
    do {
      const startMs = performance.now();
      await Promise.all(others.map((other) => other.progress(2, DEADLINE_MS)));
      waitsMs.push(performance.now() - startMs);
    } while (stop % LONG_EVERY === 0 && performance.now() < stoppedMs + LONG_MS);
    victim.continue();
  }

  const reigns = (await Promise.all(contenders.map((contender) => contender.end()))).flat();
  const lost = contenders.reduce((sum, contender) => sum + contender.lost, 0);
  waitsMs.sort((a, b) => a - b);
  const [p50, p99, most] = [0.5, 0.99, 1].map((q) => waitsMs[Math.ceil(waitsMs.length * q) - 1]);
  console.log(
    `${STOPS} stops: the others made two calls each in ${p50?.toFixed(1)} ms (p50), ` +
      `${p99?.toFixed(1)} ms (p99), ${most?.toFixed(1)} ms at most; ` +
      `${reigns.length} reigns, ${lost} sessions ran out`,
  );
  expect(reigns.length).toBeGreaterThan(STOPS / 10);
  expect(lost).toBeGreaterThan(0);
  expect(overlaps(reigns)).toEqual([]);
  const { claims } = await (await openHere(directory)).read("e", options);
  expect(claims).toEqual([]);
});

test("overlapping reigns, and terms that fall, are found", () => {
  const first = { term: 1n, fromUs: 10, toUs: 20 };
  expect(overlaps([first, { term: 2n, fromUs: 21, toUs: 30 }])).toEqual([]);
  expect(overlaps([first, { term: 2n, fromUs: 20, toUs: 30 }])).toHaveLength(1);
  expect(overlaps([{ term: 2n, fromUs: 0, toUs: 5 }, first])).toHaveLength(1);
});

/** Reigns that began before an earlier one of another term had ended, or under a lesser term. */
function overlaps(reigns: readonly Reign[]): readonly Reign[] {
  let latest: Reign | undefined;
  const found: Reign[] = [];
  for (const reign of reigns.toSorted((a, b) => a.fromUs - b.fromUs)) {
    const { term, fromUs, toUs } = reign;
    if (latest !== undefined && latest.term !== term) {
      if (fromUs <= latest.toUs || term < latest.term) found.push(reign);
    }
    if (latest === undefined || toUs > latest.toUs) latest = reign;
  }
  return found;
}

/** Lets the event loop turn until some ms have passed: a moment that no event marks. */
async function spin(ms: number): Promise<void> {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs) await new Promise((resolve) => setImmediate(resolve));
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
