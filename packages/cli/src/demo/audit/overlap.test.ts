import fc from "fast-check";
import { expect, test } from "vitest";
import { largestOverlap } from "./overlap.ts";

test("intervals that only touch do not overlap", () => {
  const intervals = [
    { from: 2, until: 3, owner: "b" },
    { from: 1, until: 2, owner: "a" },
  ];
  expect(largestOverlap(intervals).count).toBe(1);
});

test("an overlap is found, with where it begins and whose it is", () => {
  const intervals = [
    { from: 0, until: 5, owner: "a" },
    { from: 6, until: 9, owner: "b" },
    { from: 8, until: 20, owner: "c" },
  ];
  expect(largestOverlap(intervals)).toEqual({ count: 2, at: 8, owners: ["b", "c"] });
});

test("an empty interval overlaps with nothing, and nothing is no overlap", () => {
  expect(largestOverlap([]).count).toBe(0);
  const intervals = [
    { from: 0, until: 5, owner: "a" },
    { from: 3, until: 3, owner: "b" },
    { from: 4, until: 1, owner: "c" },
  ];
  expect(largestOverlap(intervals).count).toBe(1);
});

test("the count is that of looking at each point, whatever the intervals", () => {
  const bound = fc.integer({ min: 0, max: 30 });
  const interval = fc.record({ from: bound, until: bound, owner: fc.constant("x") });
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 12 }), (intervals) => {
      const points = Array.from({ length: 31 }, (_, at) => at);
      const counts = points.map(
        (at) => intervals.filter(({ from, until }) => from <= at && at < until).length,
      );
      expect(largestOverlap(intervals).count).toBe(Math.max(...counts));
    }),
  );
});
