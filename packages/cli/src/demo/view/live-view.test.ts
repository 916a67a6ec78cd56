import { expect, test } from "vitest";
import { ratesOf } from "./demo-moment.ts";
import { type DemoMoment, liveView } from "./live-view.ts";

const moment: DemoMoment = {
  storeTitle: "etcd with three members",
  ttlMs: 2_000,
  elapsedMs: 12_345,
  forMs: 40_000,
  leader: { candidateId: "dublin", term: 7n, sinceMs: 0, serving: true },
  leadsForMs: 3_200,
  centres: [
    { id: "amsterdam", region: "westeurope", url: "http://127.0.0.1:40001", state: "running" },
    { id: "dublin", region: "northeurope", url: "http://127.0.0.1:40002", state: "running" },
    { id: "virginia", region: "eastus", url: undefined, state: "starting" },
  ],
  accepted: 603,
  waiting: 2,
  refused: 0,
  staleWritesRefused: 1,
  rates: Array.from({ length: 240 }, (_, at) => at % 26),
  ratesPerSecond: 2,
  events: Array.from({ length: 100 }, (_, at) => ({
    atMs: at * 100,
    kind: "note" as const,
    text: `event ${at}`,
  })),
  hints: [`export MANDATE_STORE=etcd://${"127.0.0.1:23456,".repeat(10)}`, "mandate observe x"],
};

test.for([
  [80, 24],
  [120, 40],
  [40, 10],
  [1, 1],
] as const)("the view fits into %d columns and %d rows", ([columns, rows]) => {
  const lines = liveView(moment, { columns, rows });
  expect(lines.length).toBeLessThanOrEqual(rows);
  expect(lines.filter(({ text }) => text.length > columns)).toEqual([]);
});

test("the view says who leads, since when, how fast orders come, and what happened last", () => {
  const text = liveView(moment, { columns: 80, rows: 24 })
    .map((line) => line.text)
    .join("\n");
  expect(text).toContain("dublin leads in term 7, for 3 s");
  expect(text).toContain("603 accepted, 2 waiting, 0 refused, 1 stale writes refused");
  expect(text).toMatch(/amsterdam +westeurope +follows/);
  expect(text).toMatch(/dublin +northeurope +leads/);
  expect(text).toMatch(/virginia +eastus +starting/);
  expect(text).toContain("9.900  event 99");
});

test.for([
  ["stopped", "dublin, stopped, still has term 7"],
  ["cut off", "dublin, cut off, still has term 7"],
  ["down", "nobody leads at the moment"],
] as const)("while the leader is %s, the view says so", ([state, expected]) => {
  const centres = [{ id: "dublin", region: "northeurope", url: "http://x", state }];
  expect(liveView({ ...moment, centres }, { columns: 80, rows: 24 })[2]?.text).toBe(expected);
});

test("a leader that does not take orders yet does not lead", () => {
  const leader = { candidateId: "dublin", term: 7n, sinceMs: 0, serving: false };
  const lines = liveView({ ...moment, leader }, { columns: 80, rows: 24 });
  expect(lines[2]?.text).toBe("nobody leads at the moment");
});

test("orders are counted in the interval that they were accepted in, once it is over", () => {
  const at = (atMs: number) => ({ atMs, sequence: 1, orderId: "a", term: 1n });
  const rates = ratesOf([at(-1e9), at(8_999), at(9_200), at(9_499), at(9_600), at(10_100)], 10_200);
  expect(rates.slice(-4)).toEqual([0, 1, 2, 1]);
});
