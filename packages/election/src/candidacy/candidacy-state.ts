import type { Instant } from "../time/clock.ts";
import type { ControlRecord } from "../control/control-record.ts";
import type { Preferences, ResignReason } from "./preference.ts";
import type { Candidate } from "./registration.ts";
import type { Claim, ElectionSnapshot } from "../store.ts";
import type { Timings } from "../session/timings.ts";
import type { Validity } from "../session/validity.ts";

/**
 * One candidacy: from the wish to lead to the end of one mandate (S3: one claim gives at most one).
 * `SPEC.md` draws it.
 */
export type CandidacyState =
  | Idle
  | Standing
  | Waiting
  | Confirming
  | Yielding
  | Leading
  | Verifying
  | Draining
  | Withdrawing
  | Ended;

/** What a candidate remembers while it has not led. */
export interface Past {
  /** Since when it has been first in the queue without leading, on the monotonic clock. */
  readonly headSinceMs: number | undefined;
  /** How often it let others pass since the term `vacancyAfter` was recorded. */
  readonly yields: number;
  readonly vacancyAfter: bigint | undefined;
  /** Calls that failed in a row; the back-off grows with it. */
  readonly failures: number;
}

/** No claim, nothing under way; stands as soon as there is a session. */
export interface Idle {
  readonly kind: "idle";
  readonly past: Past;
}

/** The request to stand is out. */
export interface Standing {
  readonly kind: "standing";
  readonly past: Past;
  readonly attemptId: string;
  readonly stopping: boolean;
}

/** In the queue. `wakeAtMs`: when to decide again without news. */
export interface Waiting {
  readonly kind: "waiting";
  readonly past: Past;
  readonly claim: Claim;
  readonly wakeAtMs: number | undefined;
}

/** A hint says that the claim is first, or gone: a linearizable read decides. */
export interface Confirming {
  readonly kind: "confirming";
  readonly past: Past;
  readonly claim: Claim;
}

/** Lets others pass, after a write that shows that the store takes new claims. */
export interface Yielding {
  readonly kind: "yielding";
  readonly past: Past;
  readonly claim: Claim;
}

/** Holds the mandate. */
export interface Leading extends Reign {
  readonly kind: "leading";
}

/** Holds the mandate, while a read checks a hint that the claim is gone. */
export interface Verifying extends Reign {
  readonly kind: "verifying";
}

export interface Reign {
  readonly past: Past;
  readonly claim: Claim;
  readonly startedAt: Instant;
  /** The unbroken stretch of the session's validity in which it began (S4). */
  readonly period: number;
  readonly wakeAtMs: number | undefined;
}

/** The mandate ends: its signal has aborted, the work has until the end of `validity` (S5). */
export interface Draining {
  readonly kind: "draining";
  readonly past: Past;
  readonly claim: Claim;
  readonly reason: EndReason;
  /** Frozen. Undefined when the mandate ended at once. */
  readonly validity: Validity | undefined;
}

/** The claim, or what an unanswered attempt may have left, is being removed. */
export interface Withdrawing {
  readonly kind: "withdrawing";
  readonly past: Past;
  /** Undefined: look for any claim of this session first. */
  readonly claim: Claim | undefined;
  readonly attemptId: string | undefined;
  readonly next: "stand" | "end";
  readonly reason: EndReason;
}

/** Over, for good. */
export interface Ended {
  readonly kind: "ended";
  readonly past: Past;
  readonly reason: EndReason;
}

/** Why a mandate, or a candidacy, ended. */
export type EndReason =
  | ResignReason
  /** The work returned or threw, or the holder resigned. */
  | "completed"
  /** The caller's signal aborted, or the session was closed. */
  | "stopped"
  /** No renewal was confirmed in time. */
  | "expired"
  /** The store says that the session is gone. */
  | "session-lost"
  /** The claim was removed by somebody else. */
  | "claim-gone"
  /** The store gives terms below one already seen. */
  | "term-regressed";

/** What happens to a candidacy. */
export type CandidacyEvent =
  /** There is a session, the back-off is over, or it is time to decide again. */
  | { readonly type: "wake" }
  | { readonly type: "stood"; readonly claim: Claim; readonly snapshot: ElectionSnapshot }
  /** A linearizable read. */
  | { readonly type: "read"; readonly snapshot: ElectionSnapshot }
  /** A watch: a hint. */
  | { readonly type: "hinted"; readonly snapshot: ElectionSnapshot }
  /** Something else is reason to look: health has changed, or the claim was not found. */
  | { readonly type: "doubted" }
  | { readonly type: "updated"; readonly found: boolean }
  | { readonly type: "withdrawn" }
  | { readonly type: "callFailed"; readonly applied: "no" | "unknown" }
  | { readonly type: "sessionLost" }
  /** The session's validity is about to end. */
  | { readonly type: "drainDue" }
  /** The holder is done with its work, or wants to be. */
  | { readonly type: "workSettled" }
  /** The work outlived its mandate and the user chose to release. */
  | { readonly type: "abandoned" }
  /** The candidate no longer wants to lead. */
  | { readonly type: "stop" };

/** What a decision may look at besides state and event. */
export interface CandidacyContext {
  readonly now: Instant;
  readonly timings: Timings;
  /** Undefined while there is none. */
  readonly session: SessionView | undefined;
  readonly self: Candidate;
  readonly healthy: boolean;
  readonly preferences: Preferences;
  readonly control: (snapshot: ElectionSnapshot) => ControlRecord;
  /** True when the claim's term is below one that was seen leading (S2). */
  readonly regressed: (claim: Claim, snapshot: ElectionSnapshot) => boolean;
  readonly termOf: (claim: Claim) => bigint;
  readonly newAttemptId: () => string;
}

export interface SessionView {
  readonly id: string;
  readonly validity: Validity;
  /** Until the signal is due: less than the validity by `drainMs`. */
  readonly untilDrainMs: number;
}

/** The pure heart: next state from state, event and context. */
export type Transition = (
  state: CandidacyState,
  event: CandidacyEvent,
  context: CandidacyContext,
) => CandidacyState;
