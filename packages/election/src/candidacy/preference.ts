import type { ControlRecord } from "../control/control-record.ts";
import { decodeRegistration, type Candidate, type Registration } from "./registration.ts";
import type { Claim } from "../store.ts";

/** Who should lead, when there is a choice. */
export interface Preferences {
  /** Best first; a candidate of any other region, or of none, comes after them. */
  readonly preferredRegions: readonly string[];
  /** How long a leader stays before a preferred candidate may take over, in milliseconds. */
  readonly minimumTenureMs: number;
}

/** What a candidate knows when it decides. */
export interface Situation {
  /** The queue, one's own claim first. */
  readonly claims: readonly Claim[];
  readonly control: ControlRecord;
  readonly self: Candidate;
  readonly healthy: boolean;
  readonly preferences: Preferences;
  readonly nowMs: number;
  readonly ttlMs: number;
}

/** What the first in the queue does: lead, let others pass, or wait (until then, or for news). */
export type HeadDecision =
  | { readonly kind: "lead" }
  | { readonly kind: "yield" }
  | { readonly kind: "wait"; readonly untilMs: number | undefined };

/** A head lets others pass so often in one vacancy, or candidates that disagree never end. */
export const MAX_YIELDS = 3;

const LEAD: HeadDecision = { kind: "lead" };
const YIELD: HeadDecision = { kind: "yield" };

/**
 * What a candidate does that is first in the queue and does not lead yet. `headSinceMs` is when it
 * first was, in this vacancy.
 */
export function decideAsHead(
  situation: Situation,
  past: { readonly headSinceMs: number; readonly yields: number },
): HeadDecision {
  const { control, healthy, self } = situation;
  if (control.paused) return { kind: "wait", untilMs: undefined };
  const others = oursBehind(situation);
  const mayYield = past.yields < MAX_YIELDS && nextIsOurs(situation);
  if (!healthy) {
    if (others.some((other) => other.healthy) && mayYield) return YIELD;
    const untilMs = past.headSinceMs + situation.ttlMs;
    return situation.nowMs >= untilMs ? LEAD : { kind: "wait", untilMs };
  }
  const rank = ranking(situation);
  const outranked = others.some((other) => other.healthy && rank(other.candidate) < rank(self));
  return outranked && mayYield ? YIELD : LEAD;
}

/** Why a sitting leader gives up by itself, or when to ask again. */
export type LeaderDecision =
  | { readonly kind: "stay"; readonly untilMs: number | undefined }
  | { readonly kind: "resign"; readonly reason: ResignReason };

/** Why a leader gave up by itself. */
export type ResignReason = "resigned" | "transferred" | "unhealthy" | "preempted";

/** What a leader does: it stays, unless it was asked to go or somebody is better placed. */
export function decideAsLeader(
  situation: Situation,
  reign: { readonly term: bigint; readonly sinceMs: number },
): LeaderDecision {
  const { control, healthy, self, preferences, nowMs } = situation;
  const stay: LeaderDecision = { kind: "stay", untilMs: undefined };
  const { request } = control;
  if (request?.term === reign.term) {
    if (request.kind === "resign") return { kind: "resign", reason: "resigned" };
    if (request.to !== self.id) return { kind: "resign", reason: "transferred" };
  }
  // Whoever is next must understand preference, or it would simply lead. And while the election is
  // paused nobody could follow.
  if (control.paused || !nextIsOurs(situation)) return stay;
  const others = oursBehind(situation).filter((other) => other.healthy);
  if (!healthy && others.length > 0) return { kind: "resign", reason: "unhealthy" };
  const rank = ranking({ ...situation, control: { ...control, request: undefined } });
  if (!others.some((other) => rank(other.candidate) < rank(self))) return stay;
  const untilMs = reign.sinceMs + preferences.minimumTenureMs;
  return nowMs >= untilMs ? { kind: "resign", reason: "preempted" } : { kind: "stay", untilMs };
}

function oursBehind({ claims }: Situation): readonly Registration[] {
  return claims
    .slice(1)
    .map((claim) => decodeRegistration(claim.registration))
    .filter((registration) => registration !== undefined);
}

function nextIsOurs({ claims }: Situation): boolean {
  const next = claims[1];
  return next !== undefined && decodeRegistration(next.registration) !== undefined;
}

/** Smaller is better: a transfer's target, then the region's place, then the larger priority. */
function ranking({ control, preferences }: Situation): (candidate: Candidate) => number {
  const { preferredRegions } = preferences;
  const target = control.request?.kind === "transfer" ? control.request.to : undefined;
  return (candidate) => {
    if (candidate.id === target) return -Infinity;
    const place = preferredRegions.indexOf(candidate.region ?? "");
    const region = place === -1 ? preferredRegions.length : place;
    // Priorities are limited to ±1,000 (session options), so a region always outweighs them.
    return region * 10_000 - (candidate.priority ?? 0);
  };
}
