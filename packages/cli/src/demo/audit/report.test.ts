import { expect, test } from "vitest";
import type { Journal } from "./journal.ts";
import { type Evidence, judge } from "./report.ts";

const journal = (candidateId: string, term: bigint, from: number, until: number): Journal => ({
  candidateId,
  diedAtMs: undefined,
  entries: [{ type: "elected", atMs: from, term, validUntilMs: until }],
});
const accepted = [
  { sequence: 1, orderId: "order-1", term: 3n, atMs: 1_010 },
  { sequence: 2, orderId: "order-2", term: 5n, atMs: 2_010 },
];
const sound: Evidence = {
  store: "local",
  startedAtMs: 1_000,
  accepted,
  refused: new Map(),
  entries: accepted,
  staleWritesRefused: 0,
  journals: [journal("dublin", 3n, 1_000, 1_900), journal("virginia", 5n, 2_000, 2_900)],
  faults: [],
};

test("sound evidence gives a report without problems", () => {
  expect(judge(sound)).toMatchObject({
    orders: { accepted: 2, refused: 0, duplicated: 0, lost: 0 },
    maxSimultaneousLeaders: 1,
    termsIncrease: true,
    problems: [],
  });
});

test("two valid mandates at once are counted, and told with time and place", () => {
  const journals = [journal("dublin", 3n, 1_000, 2_100), journal("virginia", 5n, 2_000, 2_900)];
  const report = judge({ ...sound, journals });
  expect(report.maxSimultaneousLeaders).toBe(2);
  expect(report.problems).toEqual([
    "at 1.000 s, dublin (term 3) and virginia (term 5) held valid mandates at once",
  ]);
});

test("two leaders that show in the ledger alone are counted, too", () => {
  const entries = [...accepted, { sequence: 3, orderId: "order-3", term: 3n }];
  const report = judge({ ...sound, entries });
  expect(report).toMatchObject({ maxSimultaneousLeaders: 2, termsIncrease: false });
  expect(report.problems.join()).toMatch(/3 and 5 wrote to the ledger in turns/);
});

test("a term that is not greater than the one before is a problem", () => {
  const journals = [journal("dublin", 3n, 1_000, 1_900), journal("virginia", 3n, 2_000, 2_900)];
  const report = judge({ ...sound, journals });
  expect(report.termsIncrease).toBe(false);
  expect(report.problems).toEqual(["virginia got term 3 after a greater one, or the same"]);
});

test("orders written twice, and lost ones, are problems", () => {
  const entries = [accepted[0], { sequence: 3, orderId: "order-1", term: 5n }].flatMap(
    (entry) => entry ?? [],
  );
  expect(judge({ ...sound, entries }).problems).toEqual([
    "written twice: 1 of the orders, such as order-1",
    "lost: 1 of the orders, such as order-2",
  ]);
});

test("a demo in which nothing was accepted has shown nothing", () => {
  expect(judge({ ...sound, accepted: [], entries: [] }).problems).toEqual([
    "no order was accepted at all",
  ]);
});

test("refused orders are counted by their reasons, and are no problem", () => {
  const refused = new Map([
    ["no answer", 2],
    ["503 there is no leader", 3],
  ]);
  const { orders, problems } = judge({ ...sound, refused });
  expect(orders).toMatchObject({ refused: 5, refusedBecause: { "no answer": 2 } });
  expect(problems).toEqual([]);
});
