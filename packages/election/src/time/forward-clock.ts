import type { Clock, Instant } from "./clock.ts";

/**
 * A clock whose wall time never falls behind: between two readings it moves on by the larger of
 * what both clocks have moved. A wall clock that is set back thus hides no time that passes later,
 * while the machine is suspended and its monotonic clock stands still (S4). For comparing, not for
 * showing.
 */
export function forwardClock(clock: Clock): Clock {
  let last = clock.now();
  let wallMs = last.wallMs;
  return {
    now(): Instant {
      const next = clock.now();
      wallMs += Math.max(next.wallMs - last.wallMs, next.monotonicMs - last.monotonicMs, 0);
      last = next;
      return { monotonicMs: next.monotonicMs, wallMs };
    },
    setTimer: (delayMs, callback, options) => clock.setTimer(delayMs, callback, options),
  };
}
