import type {
  CandidacyContext,
  CandidacyState,
  Confirming,
  Draining,
  EndReason,
  Leading,
  Past,
  Verifying,
  Waiting,
  Withdrawing,
  Yielding,
} from "./candidacy-state.ts";
import type { Claim } from "../store.ts";

/** A session that is gone, or a claim that is, is no reason to give up. */
export function standAnew({ past }: { readonly past: Past }): CandidacyState {
  return { kind: "idle", past: { ...past, headSinceMs: undefined } };
}

/** The mandate's own validity, as it is when the end begins; none when it has lapsed already. */
export function frozen(
  state: Leading | Verifying,
  { session }: CandidacyContext,
): Draining["validity"] {
  return session?.validity.period === state.period ? session.validity : undefined;
}

export function drain(
  { past, claim }: Leading | Verifying,
  reason: EndReason,
  validity: Draining["validity"],
): CandidacyState {
  return { kind: "draining", past, claim, reason, validity };
}

export function release(state: Leading | Verifying | Draining, reason: EndReason): CandidacyState {
  return reason === "session-lost"
    ? ended(state, reason)
    : { ...withdraw(state, state.claim, "end"), reason };
}

export function leave(state: Waiting | Confirming | Yielding, reason: EndReason): CandidacyState {
  return { ...withdraw(state, state.claim, "end"), reason };
}

export function withdraw(
  state: { readonly past: Past; readonly attemptId?: string },
  claim: Claim | undefined,
  next: "stand" | "end",
): Withdrawing {
  const { past, attemptId } = state;
  return { kind: "withdrawing", past, claim, attemptId, next, reason: "stopped" };
}

export function afterWithdrawal(state: Withdrawing): CandidacyState {
  return state.next === "end" ? ended(state, state.reason) : standAnew(state);
}

export function ended({ past }: { readonly past: Past }, reason: EndReason): CandidacyState {
  return { kind: "ended", past, reason };
}

export function confirm({ past, claim }: Waiting): CandidacyState {
  return { kind: "confirming", past, claim };
}

export function failed<S extends { readonly past: Past }>(state: S): S {
  return { ...state, past: { ...state.past, failures: state.past.failures + 1 } };
}

export function untilMsPassed(untilMs: number | undefined, { now }: CandidacyContext): boolean {
  return untilMs !== undefined && now.monotonicMs >= untilMs;
}

export function isSame(a: Claim, b: Claim): boolean {
  return a.term === b.term && a.id === b.id;
}
