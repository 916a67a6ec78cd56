import { expect, test } from "vitest";
import { SeededRandom } from "./seeded-random.ts";

const draw = (seed: number, count: number): number[] => {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.fraction());
};

test("one seed gives the same numbers and ids again", () => {
  expect(draw(42, 100)).toEqual(draw(42, 100));
  expect(new SeededRandom(42).uniqueId()).toBe(new SeededRandom(42).uniqueId());
});

test("different seeds differ from the first number on, also far apart and below zero", () => {
  const seeds = [0, 1, 2, 3, -1, -2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
  expect(new Set(seeds.map((seed) => draw(seed, 1)[0])).size).toBe(seeds.length);
});

test("numbers are at least 0, less than 1 and spread evenly", () => {
  const buckets = Array<number>(16).fill(0);
  const fractions = draw(7, 160_000);
  expect(fractions.every((fraction) => fraction >= 0 && fraction < 1)).toBe(true);
  for (const fraction of fractions) {
    const bucket = Math.floor(fraction * 16);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  // 10,000 each, of which one standard deviation is 97.
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test("the first numbers of seeds in a row are spread evenly too", () => {
  let sum = 0;
  for (let seed = 0; seed < 10_000; seed++) sum += draw(seed, 1)[0] ?? Number.NaN;
  expect(Math.abs(sum / 10_000 - 0.5)).toBeLessThan(0.02);
});

test("ids are 32 hexadecimal digits and do not repeat", () => {
  const random = new SeededRandom(1);
  const ids = new Set(Array.from({ length: 10_000 }, () => random.uniqueId()));
  expect(ids.size).toBe(10_000);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
});

test("a seed that is no safe integer is refused", () => {
  expect(() => new SeededRandom(0.5)).toThrow("a seed is a safe integer");
});
