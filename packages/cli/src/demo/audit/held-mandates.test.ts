import { expect, test } from "vitest";
import { heldMandates } from "./held-mandates.ts";
import type { JournalEntry } from "./journal.ts";

const elected = { type: "elected", atMs: 100, term: 7n, validUntilMs: 200 } as const;
const renewed = { type: "session-renewed", atMs: 150, validUntilMs: 300 } as const;

function validityOf(entries: readonly JournalEntry[], diedAtMs?: number): unknown {
  return heldMandates({ candidateId: "a", entries, diedAtMs }).map(({ validity }) => validity);
}

test("a mandate that nothing renews is valid until the end that it was given", () => {
  expect(validityOf([elected])).toEqual([[{ from: 100, until: 200 }]]);
});

test("a renewal in time makes it valid for longer", () => {
  expect(validityOf([elected, renewed])).toEqual([[{ from: 100, until: 300 }]]);
});

test("renewals of before the election say nothing about it", () => {
  const before = { type: "session-renewed", atMs: 50, validUntilMs: 900 } as const;
  expect(validityOf([before, elected])).toEqual([[{ from: 100, until: 200 }]]);
});

test("a process that died holds nothing from then on", () => {
  expect(validityOf([elected, renewed], 250)).toEqual([[{ from: 100, until: 250 }]]);
  expect(validityOf([elected, renewed], 400)).toEqual([[{ from: 100, until: 300 }]]);
});

test("draining fixes the end: later renewals of the session do not move it", () => {
  const draining = {
    type: "draining",
    atMs: 160,
    term: 7n,
    reason: "resigned",
    validUntilMs: 290,
  } as const;
  const later = { type: "session-renewed", atMs: 170, validUntilMs: 500 } as const;
  const [mandate] = heldMandates({
    candidateId: "a",
    entries: [elected, renewed, draining, later],
    diedAtMs: undefined,
  });
  expect(mandate).toMatchObject({
    drainedAtMs: 160,
    endReason: "resigned",
    validity: [{ from: 100, until: 290 }],
  });
});

test("the end of the work is the end of the mandate", () => {
  const settled = { type: "work-settled", atMs: 170, term: 7n } as const;
  expect(validityOf([elected, renewed, settled])).toEqual([[{ from: 100, until: 170 }]]);
});

test("a renewal that came after the end, and revives the mandate, is not excused", () => {
  const late = { type: "session-renewed", atMs: 250, validUntilMs: 400 } as const;
  expect(validityOf([elected, late])).toEqual([
    [
      { from: 100, until: 200 },
      { from: 250, until: 400 },
    ],
  ]);
});

test("a renewal that came after the end, and was over by then, revives nothing", () => {
  const late = { type: "session-renewed", atMs: 450, validUntilMs: 400 } as const;
  expect(validityOf([elected, late])).toEqual([[{ from: 100, until: 200 }]]);
});

test("two mandates of one process are told apart by their terms", () => {
  const ended = { type: "ended", atMs: 120, term: 7n, reason: "resigned" } as const;
  const again = { type: "elected", atMs: 140, term: 9n, validUntilMs: 240 } as const;
  expect(validityOf([elected, ended, again])).toEqual([
    [{ from: 100, until: 120 }],
    [{ from: 140, until: 240 }],
  ]);
});
