import { expect, test } from "vitest";
import { EMPTY_CONTROL, type ControlRecord } from "../control/control-record.ts";
import type { Claim } from "../store.ts";
import { decideAsHead, decideAsLeader, MAX_YIELDS, type Situation } from "./preference.ts";
import { encodeRegistration, type Candidate } from "./registration.ts";

const TTL_MS = 5_000;

function claim(candidate: Candidate, healthy = true): Claim {
  const registration = encodeRegistration({ candidate, healthy, attemptId: candidate.id });
  return { election: "jobs", id: candidate.id, sessionId: candidate.id, term: 1n, registration };
}

const foreign: Claim = { ...claim({ id: "go" }), registration: "go" };

function situation(others: readonly Claim[], change: Partial<Situation> = {}): Situation {
  const self = change.self ?? { id: "self" };
  return {
    claims: [claim(self), ...others],
    control: EMPTY_CONTROL,
    self,
    healthy: true,
    preferences: { preferredRegions: ["north", "east"], minimumTenureMs: 10_000 },
    nowMs: 100_000,
    ttlMs: TTL_MS,
    ...change,
  };
}

const fresh = { headSinceMs: 100_000, yields: 0 };
const north = claim({ id: "n", region: "north" });
const control = (change: Partial<ControlRecord>): ControlRecord => ({
  ...EMPTY_CONTROL,
  ...change,
});

test("a head leads when nobody is better placed", () => {
  expect(decideAsHead(situation([]), fresh)).toEqual({ kind: "lead" });
  const self = { id: "self", region: "north" };
  expect(decideAsHead(situation([north], { self }), fresh)).toEqual({ kind: "lead" });
});

test("a head yields to a preferred region, and within a region to the larger priority", () => {
  expect(decideAsHead(situation([north]), fresh).kind).toBe("yield");
  const self = { id: "self", region: "east", priority: 1_000 };
  expect(decideAsHead(situation([north], { self }), fresh).kind).toBe("yield");
  const better = claim({ id: "p", region: "east", priority: 1_001 });
  expect(decideAsHead(situation([better], { self }), fresh).kind).toBe("yield");
  const equal = claim({ id: "p", region: "east", priority: 1_000 });
  expect(decideAsHead(situation([equal], { self }), fresh).kind).toBe("lead");
});

test("a head yields to no unhealthy one, over no foreign program, and no fourth time", () => {
  const sick = claim({ id: "n", region: "north" }, false);
  expect(decideAsHead(situation([sick]), fresh).kind).toBe("lead");
  expect(decideAsHead(situation([foreign, north]), fresh).kind).toBe("lead");
  expect(decideAsHead(situation([north]), { ...fresh, yields: MAX_YIELDS - 1 }).kind).toBe("yield");
  expect(decideAsHead(situation([north]), { ...fresh, yields: MAX_YIELDS }).kind).toBe("lead");
});

test("a head yields to the target of a transfer, whatever the regions say", () => {
  const request = { kind: "transfer" as const, term: 1n, to: "t" };
  const self = { id: "self", region: "north" };
  const target = claim({ id: "t", region: "south" });
  const asked = situation([target], { self, control: control({ request }) });
  expect(decideAsHead(asked, fresh).kind).toBe("yield");
  const itself = situation([north], { self: { id: "t" }, control: control({ request }) });
  expect(decideAsHead(itself, fresh).kind).toBe("lead");
});

test("a head waits while the election is paused", () => {
  const paused = situation([], { control: control({ paused: true }) });
  expect(decideAsHead(paused, fresh)).toEqual({ kind: "wait", untilMs: undefined });
});

test("L4: an unhealthy head yields to a healthy one, else waits one TTL and then leads", () => {
  const healthy = false;
  expect(decideAsHead(situation([claim({ id: "h" })], { healthy }), fresh).kind).toBe("yield");
  const sick = claim({ id: "s" }, false);
  const untilMs = fresh.headSinceMs + TTL_MS;
  expect(decideAsHead(situation([sick], { healthy }), fresh)).toEqual({ kind: "wait", untilMs });
  const later = situation([sick], { healthy, nowMs: untilMs });
  expect(decideAsHead(later, fresh)).toEqual({ kind: "lead" });
});

const reign = { term: 5n, sinceMs: 95_000 };

test("a leader follows a wish that is for its own term, and no other", () => {
  const resign = { kind: "resign" as const, term: 5n, to: undefined };
  const asked = (request: ControlRecord["request"]): string => {
    const decision = decideAsLeader(situation([], { control: control({ request }) }), reign);
    return decision.kind === "resign" ? decision.reason : decision.kind;
  };
  expect(asked(resign)).toBe("resigned");
  expect(asked({ ...resign, term: 4n })).toBe("stay");
  expect(asked({ kind: "transfer", term: 5n, to: "x" })).toBe("transferred");
  expect(asked({ kind: "transfer", term: 5n, to: "self" })).toBe("stay");
});

test("a leader makes room for a better placed one only after its minimum tenure", () => {
  expect(decideAsLeader(situation([north]), reign)).toEqual({ kind: "stay", untilMs: 105_000 });
  const later = situation([north], { nowMs: 105_000 });
  expect(decideAsLeader(later, reign)).toEqual({ kind: "resign", reason: "preempted" });
});

test("a leader stays when a foreign program, or nobody at all, could follow", () => {
  const nowMs = 200_000;
  const stay = { kind: "stay", untilMs: undefined };
  expect(decideAsLeader(situation([foreign, north], { nowMs }), reign)).toEqual(stay);
  const paused = control({ paused: true });
  expect(decideAsLeader(situation([north], { nowMs, control: paused }), reign)).toEqual(stay);
  expect(decideAsLeader(situation([], { nowMs, healthy: false }), reign)).toEqual(stay);
});
