import { MandateError } from "../errors.ts";

/** How long things may take, in milliseconds, all derived from the TTL. */
export interface Timings {
  readonly ttlMs: number;
  /** By how much clock rates may differ, as a fraction. */
  readonly drift: number;
  /** Kept between the end of a mandate and the earliest end of the session at the store. */
  readonly marginMs: number;
  /** From a mandate's signal to its end: the time that work has to stop. */
  readonly drainMs: number;
  /** From the send of the last confirmed renewal to the end of validity (S4). */
  readonly validMs: number;
  /** From one renewal to the next. */
  readonly renewEveryMs: number;
  /** The deadline of each call to the store: a failed renewal can be tried once more. */
  readonly callMs: number;
}

/** What a user may set of {@link Timings}. */
export interface TimingOptions {
  readonly ttlMs?: number | undefined;
  readonly drift?: number | undefined;
  readonly marginMs?: number | undefined;
  readonly drainMs?: number | undefined;
}

const DEFAULT_TTL_MS = 5_000;
const DEFAULT_DRIFT = 0.01;
/** Covers what the clock-rate bound does not: timer granularity, the last hop of a side effect. */
const MIN_MARGIN_MS = 500;

/**
 * Checks the options against each other and the store's floor, and derives the rest.
 * @throws `INVALID_OPTIONS`, `TTL_BELOW_FLOOR`
 */
export function resolveTimings(options: TimingOptions, ttlFloorMs: number): Timings {
  const ttlMs = options.ttlMs ?? Math.max(DEFAULT_TTL_MS, ttlFloorMs);
  requireRange("ttlMs", ttlMs, 1, 86_400_000);
  if (ttlMs < ttlFloorMs) {
    throw new MandateError(
      `ttlMs is ${ttlMs}, but this store keeps a session for ${ttlFloorMs} ms at the least: ` +
        `set ttlMs to ${ttlFloorMs} or more`,
      { code: "TTL_BELOW_FLOOR", applied: "no" },
    );
  }
  const drift = options.drift ?? DEFAULT_DRIFT;
  requireRange("drift", drift, 0, 0.5);
  const marginMs = options.marginMs ?? Math.max(MIN_MARGIN_MS, ttlMs / 10);
  requireRange("marginMs", marginMs, 0, ttlMs);
  const drainMs = options.drainMs ?? ttlMs / 10;
  requireRange("drainMs", drainMs, 0, ttlMs);
  const validMs = ttlMs * (1 - drift) - marginMs;
  const renewEveryMs = ttlMs / 3;
  const callMs = ttlMs / 5;
  if (renewEveryMs + callMs >= validMs - drainMs) {
    throw new MandateError(
      `with ttlMs ${ttlMs}, drift ${drift}, marginMs ${marginMs} and drainMs ${drainMs}, work ` +
        `would be told to stop ${Math.round(validMs - drainMs)} ms after a renewal, before a ` +
        `failed one can be tried again (${Math.ceil(renewEveryMs + callMs)} ms): ` +
        "raise ttlMs, or lower the others",
      { code: "INVALID_OPTIONS", applied: "no" },
    );
  }
  return { ttlMs, drift, marginMs, drainMs, validMs, renewEveryMs, callMs };
}

function requireRange(name: string, value: number, min: number, max: number): void {
  if (Number.isFinite(value) && value >= min && value <= max) return;
  throw new MandateError(`${name} is ${value}: give a number from ${min} to ${max}`, {
    code: "INVALID_OPTIONS",
    applied: "no",
  });
}
