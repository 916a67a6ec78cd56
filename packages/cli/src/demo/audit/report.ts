import { heldMandates } from "./held-mandates.ts";
import type { Journal } from "./journal.ts";
import { type Fault, type LeaderChange, leaderChanges } from "./leader-changes.ts";
import { type AcceptedOrder, auditLedger, type LedgerEntry } from "./ledger-audit.ts";
import { largestOverlap } from "./overlap.ts";

/** All that was noted down while the demo ran. */
export interface Evidence {
  readonly store: string;
  /** On the shared monotonic clock, in milliseconds. */
  readonly startedAtMs: number;
  readonly accepted: readonly AcceptedOrder[];
  /** How many orders their clients gave up on, by the reason. */
  readonly refused: ReadonlyMap<string, number>;
  readonly entries: readonly LedgerEntry[];
  readonly staleWritesRefused: number;
  readonly journals: readonly Journal[];
  readonly faults: readonly Fault[];
}

/** What the demo has shown. */
export interface DemoReport {
  readonly store: string;
  readonly orders: {
    readonly accepted: number;
    readonly refused: number;
    readonly duplicated: number;
    readonly lost: number;
    readonly refusedBecause: Readonly<Record<string, number>>;
  };
  readonly changes: readonly LeaderChange[];
  readonly mandates: number;
  readonly maxSimultaneousLeaders: number;
  readonly termsIncrease: boolean;
  readonly staleWritesRefused: number;
  /** What must not be, each in a sentence; empty when all is well. */
  readonly problems: readonly string[];
}

/** Judges the evidence. */
export function judge(evidence: Evidence): DemoReport {
  const { accepted, entries, refused } = evidence;
  const mandates = evidence.journals.flatMap(heldMandates);
  const ledger = auditLedger(entries, accepted);
  const valid = largestOverlap(
    mandates.flatMap((owner) => owner.validity.map((interval) => ({ ...interval, owner }))),
  );
  const regressed = mandates
    .toSorted((a, b) => a.electedAtMs - b.electedAtMs)
    .find(({ term }, at, all) => at > 0 && term <= (all[at - 1]?.term ?? -1n));
  const termsIncrease = regressed === undefined && ledger.fallen.length === 0;

  const problems: string[] = [];
  if (valid.count > 1) {
    const who = valid.owners.map(({ candidateId, term }) => `${candidateId} (term ${term})`);
    const seconds = ((valid.at - evidence.startedAtMs) / 1_000).toFixed(3);
    problems.push(`at ${seconds} s, ${who.join(" and ")} held valid mandates at once`);
  }
  if (ledger.interleaved.count > 1) {
    problems.push(
      `the terms ${ledger.interleaved.owners.join(" and ")} wrote to the ledger in turns`,
    );
  }
  if (regressed !== undefined) {
    problems.push(
      `${regressed.candidateId} got term ${regressed.term} after a greater one, or the same`,
    );
  }
  const [fallen] = ledger.fallen;
  if (fallen !== undefined) problems.push(`${fallen.orderId} was written under an older term`);
  problems.push(...some(ledger.duplicated, "written twice"), ...some(ledger.lost, "lost"));
  if (accepted.length === 0) problems.push("no order was accepted at all");

  return {
    store: evidence.store,
    orders: {
      accepted: accepted.length,
      refused: [...refused.values()].reduce((sum, count) => sum + count, 0),
      duplicated: ledger.duplicated.length,
      lost: ledger.lost.length,
      refusedBecause: Object.fromEntries(refused),
    },
    changes: leaderChanges({ ...evidence, mandates }),
    mandates: mandates.length,
    maxSimultaneousLeaders: Math.max(valid.count, ledger.interleaved.count),
    termsIncrease,
    staleWritesRefused: evidence.staleWritesRefused,
    problems,
  };
}

function some(orderIds: readonly string[], what: string): readonly string[] {
  if (orderIds.length === 0) return [];
  const examples = orderIds.slice(0, 3).join(", ");
  return [`${what}: ${orderIds.length} of the orders, such as ${examples}`];
}
