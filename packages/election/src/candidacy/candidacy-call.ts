import type { CandidacyEvent, CandidacyState } from "./candidacy-state.ts";
import { hasCode, MandateError } from "../errors.ts";
import { decodeRegistration, encodeRegistration } from "./registration.ts";
import type { SessionHost } from "../session/session-host.ts";
import type { Claim, StoreSession } from "../store.ts";

/** Names the call that a state needs; undefined when it needs none. */
export function callKey(state: CandidacyState): string | undefined {
  switch (state.kind) {
    case "standing":
      return `stand ${state.attemptId}`;
    case "confirming":
    case "verifying":
      return `read ${state.claim.term}`;
    case "yielding":
      return `update ${state.claim.term}`;
    case "withdrawing":
      return `withdraw ${state.claim?.term ?? state.attemptId}`;
    default:
      return undefined;
  }
}

/** Makes the call that a state needs, and says as an event what came of it. Never rejects. */
export async function runCall(
  host: SessionHost,
  election: string,
  state: CandidacyState,
  healthy: boolean,
): Promise<{ readonly event: CandidacyEvent; readonly error?: unknown }> {
  const storeSession = host.current;
  try {
    if (storeSession === undefined) return { event: { type: "sessionLost" } };
    return { event: await makeCall({ host, storeSession, election, state, healthy }) };
  } catch (error) {
    if (hasCode(error, "SESSION_LOST")) {
      // A claim went with its session. What the session is, its own renewal finds out.
      host.doubtSession();
      if (state.kind === "withdrawing") return { event: { type: "withdrawn" } };
      return { event: { type: "callFailed", applied: "no" }, error };
    }
    const applied = error instanceof MandateError ? error.applied : "unknown";
    return { event: { type: "callFailed", applied }, error };
  }
}

/** What a claim should say of its candidate now. */
export function registrationOf(host: SessionHost, claim: Claim, healthy: boolean): string {
  const attemptId = decodeRegistration(claim.registration)?.attemptId ?? "";
  return encodeRegistration({ candidate: host.candidate, healthy, attemptId });
}

interface CallRequest {
  readonly host: SessionHost;
  readonly storeSession: StoreSession;
  readonly election: string;
  readonly state: CandidacyState;
  readonly healthy: boolean;
}

async function makeCall(request: CallRequest): Promise<CandidacyEvent> {
  const { host, storeSession, election, state, healthy } = request;
  switch (state.kind) {
    case "standing": {
      const { attemptId } = state;
      const registration = encodeRegistration({ candidate: host.candidate, healthy, attemptId });
      const answer = await host.call(`standing in "${election}"`, (signal) =>
        storeSession.stand({ election, registration }, { signal }),
      );
      return { type: "stood", ...answer };
    }
    case "confirming":
    case "verifying": {
      const snapshot = await host.call(`reading "${election}"`, (signal) =>
        host.store.read(election, { signal }),
      );
      return { type: "read", snapshot };
    }
    case "yielding": {
      const { claim } = state;
      const registration = registrationOf(host, claim, healthy);
      const found = await host.call(`updating a claim in "${election}"`, (signal) =>
        storeSession.update({ claim, registration }, { signal }),
      );
      return { type: "updated", found };
    }
    case "withdrawing": {
      const claims = state.claim ? [state.claim] : await ownClaims(request);
      await Promise.all(claims.map((claim) => withdrawClaim(host, storeSession, claim)));
      return { type: "withdrawn" };
    }
    default:
      return { type: "wake" };
  }
}

/** What an attempt without an answer may have left (S6). */
async function ownClaims(request: CallRequest): Promise<readonly Claim[]> {
  const { host, storeSession, election } = request;
  const { claims } = await host.call(`reading "${election}"`, (signal) =>
    host.store.read(election, { signal }),
  );
  return claims.filter((claim) => claim.sessionId === storeSession.id);
}

async function withdrawClaim(
  host: SessionHost,
  storeSession: StoreSession,
  claim: Claim,
): Promise<void> {
  // A claim of an earlier session went with it.
  if (claim.sessionId !== storeSession.id) return;
  await host.call(`withdrawing from "${claim.election}"`, (signal) =>
    storeSession.withdraw(claim, { signal }),
  );
}
