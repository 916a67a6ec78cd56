import type { Instant } from "../time/clock.ts";
import { pause } from "../time/deadline.ts";
import { hasCode } from "../errors.ts";
import { publish } from "../events.ts";
import type { SessionHost, SessionMember } from "./session-host.ts";
import type { Claim, StoreSession } from "../store.ts";
import { elapsedMs } from "./validity.ts";

/** What a renewal loop reports to, and looks at. */
export interface RenewalOptions {
  readonly signal: AbortSignal;
  readonly members: ReadonlyMap<string, SessionMember>;
  readonly onConfirmed: (sentAt: Instant) => void;
  /** Hands out a function that makes the next renewal happen now. */
  readonly onRenewable: (renewNow: () => void) => void;
}

/** A failed renewal is tried again after at most this share of a call's deadline. */
const RETRY_SHARE = 0.25;

/**
 * Renews every TTL/3 until the session is lost, and returns why: the store says so, nothing was
 * confirmed for a TTL, its claims could not be audited for a TTL (S6), or `signal` aborted.
 */
export async function renewUntilLost(
  host: SessionHost,
  storeSession: StoreSession,
  options: RenewalOptions,
): Promise<"session-lost" | "expired" | "unaudited" | "closed"> {
  const { clock, timings, random } = host;
  let confirmedAt = host.validity?.sentAt ?? clock.now();
  let auditedAt = confirmedAt;
  let dueInMs = timings.renewEveryMs - elapsedMs(confirmedAt, clock.now());
  for (;;) {
    await untilDue(host, dueInMs, options);
    if (options.signal.aborted) return "closed";
    const sentAt = clock.now();
    try {
      await host.callAtOnce("renewing the session", (signal) => storeSession.renew({ signal }));
      confirmedAt = sentAt;
      options.onConfirmed(sentAt);
      if (await audit(host, storeSession, options.members)) auditedAt = sentAt;
    } catch (error) {
      if (hasCode(error, "SESSION_LOST")) return "session-lost";
      report(host, "renew", error);
    }
    const now = clock.now();
    if (elapsedMs(confirmedAt, now) > timings.ttlMs) return "expired";
    if (elapsedMs(auditedAt, now) > timings.ttlMs + timings.renewEveryMs) {
      // Its mandates end in good order first (S5): nothing renews them any more.
      const leftMs = timings.validMs - elapsedMs(confirmedAt, now);
      await pause(clock, Math.max(0, leftMs), options.signal);
      return options.signal.aborted ? "closed" : "unaudited";
    }
    const failed = confirmedAt !== sentAt;
    const retryMs = random.fraction() * timings.callMs * RETRY_SHARE;
    dueInMs = failed ? retryMs : timings.renewEveryMs - elapsedMs(sentAt, now);
  }
}

/** Waits, or until somebody has doubts. */
function untilDue(host: SessionHost, delayMs: number, options: RenewalOptions): Promise<void> {
  const { signal, onRenewable } = options;
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener("abort", done);
      onRenewable(() => {});
      resolve();
    };
    const cancel = host.clock.setTimer(Math.max(0, delayMs), done);
    signal.addEventListener("abort", done);
    onRenewable(done);
  });
}

/** Removes claims of this session that nobody here accounts for (S6). False when it could not. */
async function audit(
  host: SessionHost,
  storeSession: StoreSession,
  members: ReadonlyMap<string, SessionMember>,
): Promise<boolean> {
  try {
    const claims = await host.callAtOnce("auditing claims", (signal) =>
      storeSession.claims({ signal }),
    );
    const byElection = Map.groupBy(claims, (claim) => claim.election);
    for (const member of members.values()) member.audit(byElection.get(member.election) ?? []);
    const strays = claims.filter((claim) => members.get(claim.election)?.knows(claim) !== true);
    await Promise.all(strays.map((claim) => removeStray(host, storeSession, claim)));
    return true;
  } catch (error) {
    report(host, "audit", error);
    return false;
  }
}

async function removeStray(
  host: SessionHost,
  storeSession: StoreSession,
  claim: Claim,
): Promise<void> {
  const { election } = claim;
  await host.callAtOnce(`removing a stray claim in "${election}"`, (signal) =>
    storeSession.withdraw(claim, { signal }),
  );
  const { candidate, clock, terms } = host;
  publish(() => ({
    type: "stray-removed",
    election,
    term: terms.termOf(claim),
    candidateId: candidate.id,
    atMs: clock.now().monotonicMs,
  }));
}

function report({ candidate, clock }: SessionHost, call: string, error: unknown): void {
  publish(() => ({
    type: "call-failed",
    election: "",
    call,
    error,
    candidateId: candidate.id,
    atMs: clock.now().monotonicMs,
  }));
}
