import type { Instant } from "../time/clock.ts";
import type { Timings } from "./timings.ts";

/**
 * How long a session is surely alive at the store (S4). Computed from the clock, never remembered:
 * `period` changes whenever it lapsed in between, so a mandate of an earlier period stays lost.
 */
export interface Validity {
  /** Just before the last confirmed renewal was sent. */
  readonly sentAt: Instant;
  /** Counts the unbroken stretches of validity. */
  readonly period: number;
}

/** The part of the rules that says until when a session is valid. */
export interface ValidityRules {
  remainingMs(validity: Validity, now: Instant, timings: Timings): number;
  afterRenewal(
    validity: Validity,
    renewal: { readonly sentAt: Instant; readonly now: Instant },
    timings: Timings,
  ): Validity;
}

/** What is left of the validity; zero or less when it has lapsed. */
export function remainingMs(validity: Validity, now: Instant, timings: Timings): number {
  return timings.validMs - elapsedMs(validity.sentAt, now);
}

/**
 * The validity after a renewal was confirmed. An answer that comes after the end revives nothing:
 * it begins a new period. One sent before the last confirmed one changes nothing.
 */
export function afterRenewal(
  validity: Validity,
  { sentAt, now }: { readonly sentAt: Instant; readonly now: Instant },
  timings: Timings,
): Validity {
  const lapsed = remainingMs(validity, now, timings) <= 0;
  const period = lapsed ? validity.period + 1 : validity.period;
  if (!lapsed && sentAt.monotonicMs <= validity.sentAt.monotonicMs) return validity;
  return { sentAt, period };
}

/** The larger of both clocks' counts: a suspended machine's monotonic clock stands still. */
export function elapsedMs(since: Instant, now: Instant): number {
  return Math.max(now.monotonicMs - since.monotonicMs, now.wallMs - since.wallMs);
}

/** S4 as it stands. */
export const validityRules: ValidityRules = { remainingMs, afterRenewal };
