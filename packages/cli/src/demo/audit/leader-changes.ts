import type { HeldMandate } from "./held-mandates.ts";
import type { AcceptedOrder, LedgerEntry } from "./ledger-audit.ts";

/** What the demo does to a leader. */
export type FaultKind = "kill" | "stop" | "cut";

/** Something that was done to a leader. */
export interface Fault {
  readonly kind: FaultKind;
  readonly candidateId: string;
  /** Of the leader that it was done to. */
  readonly term: bigint;
  /** On the shared monotonic clock, in milliseconds. */
  readonly atMs: number;
}

/** Why another leader took over. */
export type ChangeCause = "start" | FaultKind | "resign" | "transfer" | "unknown";

/** From one leader that wrote to the next one that did. */
export interface LeaderChange {
  readonly cause: ChangeCause;
  /**
   * From the cause to the first write of the new leader that a client was told of; undefined when
   * no client was told of any.
   */
  readonly gapMs: number | undefined;
  /** Undefined for the first leader. */
  readonly fromTerm: bigint | undefined;
  readonly toTerm: bigint;
  /** The new leader, if its journal has survived. */
  readonly to: string | undefined;
}

/** What the changes of leader are read from. */
export interface ChangeSources {
  readonly startedAtMs: number;
  readonly entries: readonly LedgerEntry[];
  readonly accepted: readonly AcceptedOrder[];
  readonly faults: readonly Fault[];
  readonly mandates: readonly HeldMandate[];
}

/** The changes of leader, in the order of their writes in the ledger. */
export function leaderChanges(sources: ChangeSources): readonly LeaderChange[] {
  const inOrder = sources.entries.toSorted((a, b) => a.sequence - b.sequence);
  const terms = [...new Set(inOrder.map(({ term }) => term))];
  return terms.map((toTerm, at) => {
    const fromTerm = at === 0 ? undefined : terms[at - 1];
    const { cause, atMs } = causeOf(fromTerm, sources);
    const firstToldMs = sources.accepted
      .filter(({ term }) => term === toTerm)
      .reduce((earliest, told) => Math.min(earliest, told.atMs), Infinity);
    return {
      cause,
      gapMs: firstToldMs === Infinity ? undefined : Math.max(0, firstToldMs - atMs),
      fromTerm,
      toTerm,
      to: sources.mandates.find(({ term }) => term === toTerm)?.candidateId,
    };
  });
}

function causeOf(
  fromTerm: bigint | undefined,
  { startedAtMs, accepted, faults, mandates }: ChangeSources,
): { readonly cause: ChangeCause; readonly atMs: number } {
  if (fromTerm === undefined) return { cause: "start", atMs: startedAtMs };
  const fault = faults.find(({ term }) => term === fromTerm);
  const mandate = mandates.find(({ term }) => term === fromTerm);
  const cause = causesByReason.get(mandate?.endReason ?? "") ?? "unknown";
  // A fault that came when the leader had begun to step down did not make it do so.
  const steppedDownAtMs = cause === "unknown" ? undefined : mandate?.drainedAtMs;
  if (fault !== undefined && !(steppedDownAtMs !== undefined && steppedDownAtMs < fault.atMs)) {
    return { cause: fault.kind, atMs: fault.atMs };
  }
  const lastToldMs = accepted
    .filter(({ term }) => term === fromTerm)
    .reduce((latest, told) => Math.max(latest, told.atMs), startedAtMs);
  return { cause, atMs: mandate?.drainedAtMs ?? lastToldMs };
}

const causesByReason: ReadonlyMap<string, ChangeCause> = new Map([
  ["resigned", "resign"],
  ["transferred", "transfer"],
]);
