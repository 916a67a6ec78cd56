import { randomUUID } from "node:crypto";
import type { Clock, Random } from "./clock.ts";

/** Node rounds a longer delay down to 1 ms; a timer may be early, never wrong, so it is capped. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The machine's clocks: `process.hrtime` (CLOCK_MONOTONIC, shared by its processes) and `Date`. */
export const systemClock: Clock = {
  now: () => ({ monotonicMs: Number(process.hrtime.bigint()) / 1e6, wallMs: Date.now() }),
  setTimer(delayMs, callback, options) {
    // Rounded up: a timer that fires early would find nothing due yet.
    const timer = setTimeout(callback, Math.min(Math.ceil(delayMs), MAX_DELAY_MS));
    if (options?.background === true) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** The machine's chance. */
export const systemRandom: Random = {
  fraction: () => Math.random(),
  uniqueId: () => randomUUID(),
};
