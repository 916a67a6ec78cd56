import type {
  CandidacyContext,
  CandidacyState,
  Confirming,
  Leading,
  Past,
  Verifying,
  Waiting,
} from "./candidacy-state.ts";
import { decideAsHead, decideAsLeader, type Situation } from "./preference.ts";
import { drain, frozen, isSame, leave, standAnew } from "./steps.ts";
import type { ElectionSnapshot } from "../store.ts";

/** What a linearizable look at the queue means for a candidate that does not lead yet (S3). */
export function judge(
  state: Waiting | Confirming,
  snapshot: ElectionSnapshot,
  context: CandidacyContext,
): CandidacyState {
  const { claim } = state;
  const place = snapshot.claims.findIndex((other) => isSame(other, claim));
  if (place === -1) return standAnew(state);
  const past = pastAt(state.past, snapshot, context, place === 0);
  const { session, now, timings } = context;
  // A watch that fell silent is found out by a look each TTL.
  const nextLookAtMs = now.monotonicMs + timings.ttlMs;
  if (place > 0) return { kind: "waiting", past, claim, wakeAtMs: nextLookAtMs };
  if (session === undefined || session.untilDrainMs <= 0) {
    return { kind: "waiting", past, claim, wakeAtMs: now.monotonicMs + timings.callMs };
  }
  if (context.regressed(claim, snapshot)) return leave({ ...state, past }, "term-regressed");
  const head = { headSinceMs: past.headSinceMs ?? now.monotonicMs, yields: past.yields };
  const decision = decideAsHead(situation(snapshot, context), head);
  switch (decision.kind) {
    case "wait":
      return { kind: "waiting", past, claim, wakeAtMs: decision.untilMs ?? nextLookAtMs };
    case "yield":
      return { kind: "yielding", past, claim };
    case "lead": {
      const reign = { past, claim, startedAt: now, period: session.validity.period };
      return { ...reign, kind: "leading", wakeAtMs: firstReviewAtMs(reign, snapshot, context) };
    }
  }
}

/** When a new leader looks at the queue again by itself. */
function firstReviewAtMs(
  reign: Pick<Leading, "claim" | "startedAt">,
  snapshot: ElectionSnapshot,
  context: CandidacyContext,
): number | undefined {
  const sinceMs = reign.startedAt.monotonicMs;
  const term = context.termOf(reign.claim);
  const decision = decideAsLeader(situation(snapshot, context), { term, sinceMs });
  // What let it lead although others are better placed holds for one renewal at least.
  return decision.kind === "stay" ? decision.untilMs : sinceMs + context.timings.renewEveryMs;
}

/** What a look at the queue means for a leader. */
export function reviewReign(
  state: Leading | Verifying,
  snapshot: ElectionSnapshot,
  context: CandidacyContext,
  source: "hint" | "read",
): CandidacyState {
  // A hint of earlier than the claim says nothing about it. A read that is older than what it asks
  // for is of a store that went back in time.
  if (source === "hint" && snapshot.revision < state.claim.term) return state;
  if (!snapshot.claims.some((claim) => isSame(claim, state.claim))) {
    return source === "hint"
      ? { ...state, kind: "verifying" }
      : drain(state, "claim-gone", undefined);
  }
  const decision = decideAsLeader(situation(snapshot, context), {
    term: context.termOf(state.claim),
    sinceMs: state.startedAt.monotonicMs,
  });
  if (decision.kind === "resign") return drain(state, decision.reason, frozen(state, context));
  const kind = source === "read" ? "leading" : state.kind;
  return { ...state, kind, wakeAtMs: decision.untilMs };
}

function situation(snapshot: ElectionSnapshot, context: CandidacyContext): Situation {
  return {
    claims: snapshot.claims,
    control: context.control(snapshot),
    self: context.self,
    healthy: context.healthy,
    preferences: context.preferences,
    nowMs: context.now.monotonicMs,
    ttlMs: context.timings.ttlMs,
  };
}

/** Yields count within one vacancy: a newly recorded term ended the one before. */
function pastAt(
  past: Past,
  snapshot: ElectionSnapshot,
  context: CandidacyContext,
  first: boolean,
): Past {
  const vacancyAfter = context.control(snapshot).terms.at(-1)?.term;
  const headSinceMs = first ? (past.headSinceMs ?? context.now.monotonicMs) : undefined;
  const yields = vacancyAfter === past.vacancyAfter ? past.yields : 0;
  return { headSinceMs, yields, vacancyAfter, failures: 0 };
}
