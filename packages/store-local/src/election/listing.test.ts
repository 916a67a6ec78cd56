import { expect, test } from "vitest";

import { removable, sameListing, surplus, toListing } from "./listing.ts";

const first = { epoch: 0, claims: 0, control: 0 };

test("claims that were not withdrawn come in the order of their numbers", () => {
  const { claims } = toListing(first, ["10", "9", "9.gone", "2", "2.r1", "2.r12"]);
  expect(claims).toEqual([
    { number: 2, registration: 12 },
    { number: 10, registration: undefined },
  ]);
});

test("the greatest number counts withdrawn claims and those that were cleared out", () => {
  expect(toListing(first, ["3", "3.gone", "1"]).greatest).toBe(3);
  expect(toListing({ ...first, claims: 7 }, []).greatest).toBe(7);
});

test("a mark without its claim is no claim: it is left of a clearing", () => {
  expect(toListing({ ...first, claims: 7 }, ["5.gone", "5.r2"]).claims).toEqual([]);
});

test("there is no control record until somebody writes one", () => {
  expect(toListing(first, ["1"]).control).toBeUndefined();
  expect(toListing(first, ["c2", "c10", "c9"]).control).toBe(10);
});

test("listings of one state are the same in whatever order the disk gives it", () => {
  const one = toListing(first, ["1", "2", "c1"]);
  expect(sameListing(one, toListing(first, ["c1", "2", "1"]))).toBe(true);
  expect(sameListing(one, toListing(first, ["c1", "2", "1", "2.gone"]))).toBe(false);
  expect(sameListing(one, toListing({ ...first, epoch: 1 }, ["1", "2", "c1"]))).toBe(false);
});

test("a claim is removed before the mark that it is gone", () => {
  const listing = toListing(first, ["1.gone", "1", "1.r1", "2", "c1", "c2"]);
  const [claim, ...rest] = removable(listing, new Set([2]));
  expect(claim).toBe("1");
  expect(rest.toSorted()).toEqual(["1.gone", "1.r1", "c1"]);
});

test("claims of dead sessions are removed, live ones and the latest control record stay", () => {
  const listing = toListing(first, ["1", "2", "2.r3", "c4", "c5"]);
  expect(removable(listing, new Set([2])).toSorted()).toEqual(["1", "c4"]);
});

test("what an earlier clearing remembers counts towards no other", () => {
  const listing = toListing({ epoch: 3, claims: 5, control: 2 }, [
    "4",
    "4.gone",
    "6",
    "6.gone",
    "c1",
  ]);
  expect(surplus(listing, new Set())).toBe(2);
});
