import { decodeControl, type TermRecord } from "./control-record.ts";
import { decodeRegistration, type Candidate } from "../candidacy/registration.ts";
import type { Claim, ElectionSnapshot } from "../store.ts";

/** An election as an observer sees it; a moment late, perhaps. */
export interface ElectionStatus {
  readonly election: string;
  /** First in the queue: leads, or is about to. Undefined while nobody stands. */
  readonly leader: Contender | undefined;
  /** The leader's term. */
  readonly term: bigint | undefined;
  /** Everyone who stands, in the order of the queue, the leader included. */
  readonly contenders: readonly Contender[];
  /** Nobody new leads until the election is resumed. */
  readonly paused: boolean;
}

/** A candidate in the queue; its `term` is the one that it has, or will have when it leads. */
export interface Contender {
  readonly candidate: Candidate;
  /** Undefined for a program that does not say. */
  readonly healthy: boolean | undefined;
  readonly term: bigint;
  /** A program that is none of ours: it knows nothing of health, preference, pause or transfer. */
  readonly foreign: boolean;
}

export function statusOf(
  election: string,
  snapshot: ElectionSnapshot,
  termOf: (claim: Claim) => bigint,
): ElectionStatus {
  const contenders = snapshot.claims.map((claim) => contenderOf(claim, termOf(claim)));
  const [leader] = contenders;
  const { paused } = decodeControl(snapshot.control?.text);
  return { election, leader, term: leader?.term, contenders, paused };
}

function contenderOf(claim: Claim, term: bigint): Contender {
  const registration = decodeRegistration(claim.registration);
  if (registration === undefined) {
    // Programs of other languages register a name, as a rule.
    const candidate = { id: claim.registration };
    return { candidate, healthy: undefined, term, foreign: true };
  }
  const { candidate, healthy } = registration;
  return { candidate, healthy, term, foreign: false };
}

/** The terms that the control record knows, oldest first. */
export function historyOf(snapshot: ElectionSnapshot): readonly TermRecord[] {
  return decodeControl(snapshot.control?.text).terms;
}

/** True when an observer would see no difference. */
export function isSameStatus(a: ElectionStatus | undefined, b: ElectionStatus): boolean {
  return a !== undefined && fingerprint(a) === fingerprint(b);
}

function fingerprint(status: ElectionStatus): string {
  return JSON.stringify(status, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
}
