import { backoffMs } from "../time/backoff.ts";
import type { Instant } from "../time/clock.ts";
import { pause, withDeadline } from "../time/deadline.ts";
import { hasCode } from "../errors.ts";
import type { SessionHost } from "./session-host.ts";
import type { StoreSession } from "../store.ts";

/**
 * Opens a session at the store, trying again while the store is merely not there.
 * @throws the last failure when `timeoutMs` has passed; what cannot mend itself at once; the
 * reason of `signal`
 */
export async function openStoreSession(
  host: SessionHost,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<{ readonly storeSession: StoreSession; readonly sentAt: Instant }> {
  const { clock, random, store, timings } = host;
  const giveUp = signal ?? new AbortController().signal;
  const endMs = clock.now().monotonicMs + timeoutMs;
  for (let failures = 1; ; failures++) {
    const sentAt = clock.now();
    const leftMs = endMs - sentAt.monotonicMs;
    try {
      const storeSession = await withDeadline(
        clock,
        { what: "opening a session", deadlineMs: Math.max(1, Math.min(leftMs, timings.ttlMs)) },
        (deadline) =>
          store.openSession(
            { ttlMs: timings.ttlMs },
            { signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]) },
          ),
      );
      return { storeSession, sentAt };
    } catch (error) {
      giveUp.throwIfAborted();
      const mendsItself = hasCode(error, "STORE_UNAVAILABLE", "TIMEOUT");
      const waitMs = backoffMs(random, failures, timings.renewEveryMs);
      if (!mendsItself || clock.now().monotonicMs + waitMs >= endMs) throw error;
      await pause(clock, waitMs, giveUp);
      giveUp.throwIfAborted();
    }
  }
}
