import { expect, test } from "vitest";
import type { HeldMandate } from "./held-mandates.ts";
import { type ChangeSources, leaderChanges } from "./leader-changes.ts";

const told = (sequence: number, term: bigint, atMs: number) => ({
  sequence,
  orderId: `order-${sequence}`,
  term,
  atMs,
});
const accepted = [told(1, 3n, 150), told(2, 3n, 200), told(3, 5n, 900), told(4, 5n, 950)];
const mandate = (term: bigint, changes: Partial<HeldMandate> = {}): HeldMandate => ({
  candidateId: `leader-${term}`,
  term,
  electedAtMs: 0,
  drainedAtMs: undefined,
  endReason: undefined,
  validity: [],
  ...changes,
});
const sources: ChangeSources = {
  startedAtMs: 100,
  entries: accepted,
  accepted,
  faults: [],
  mandates: [mandate(3n), mandate(5n)],
};

function secondChange(changes: Partial<ChangeSources>): unknown {
  return leaderChanges({ ...sources, ...changes })[1];
}

test("the first leader's gap is counted from the start", () => {
  expect(leaderChanges(sources)[0]).toEqual({
    cause: "start",
    gapMs: 50,
    fromTerm: undefined,
    toTerm: 3n,
    to: "leader-3",
  });
});

test("a gap goes from the fault to the first write that a client was told of", () => {
  const faults = [{ kind: "stop", candidateId: "leader-3", term: 3n, atMs: 210 }] as const;
  expect(secondChange({ faults })).toMatchObject({
    cause: "stop",
    gapMs: 690,
    fromTerm: 3n,
    toTerm: 5n,
  });
});

test.for([
  ["resigned", "resign"],
  ["transferred", "transfer"],
  ["session-lost", "unknown"],
] as const)("a leader that ended as %s gives the cause %s", ([endReason, cause]) => {
  const mandates = [mandate(3n, { drainedAtMs: 300, endReason }), mandate(5n)];
  expect(secondChange({ mandates })).toMatchObject({ cause, gapMs: 600 });
});

test("a fault that came when the leader was stepping down is not the cause", () => {
  const mandates = [mandate(3n, { drainedAtMs: 300, endReason: "transferred" }), mandate(5n)];
  const faults = [{ kind: "kill", candidateId: "leader-3", term: 3n, atMs: 310 }] as const;
  expect(secondChange({ mandates, faults })).toMatchObject({ cause: "transfer", gapMs: 600 });
});

test("without any trace the gap is counted from the last write before", () => {
  expect(secondChange({ mandates: [] })).toMatchObject({
    cause: "unknown",
    gapMs: 700,
    to: undefined,
  });
});

test("a leader that wrote, and of which no client was told, has no gap", () => {
  expect(secondChange({ accepted: accepted.slice(0, 2) })).toMatchObject({ gapMs: undefined });
});

test("a mandate that wrote nothing is no change of leader", () => {
  const mandates = [mandate(3n), mandate(4n), mandate(5n)];
  expect(leaderChanges({ ...sources, mandates })).toHaveLength(2);
});
