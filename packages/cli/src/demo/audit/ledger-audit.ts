import { largestOverlap, type Overlap } from "./overlap.ts";

/** An order as it stands in the ledger. */
export interface LedgerEntry {
  /** Place in the order of the writes. */
  readonly sequence: number;
  readonly orderId: string;
  /** Of the leader that wrote it. */
  readonly term: bigint;
}

/** What a client was told when its order was accepted. */
export interface AcceptedOrder extends LedgerEntry {
  /** When the client was told, on the shared monotonic clock, in milliseconds. */
  readonly atMs: number;
}

/** What is wrong with the ledger; all empty when nothing is. */
export interface LedgerAudit {
  /** Orders that were written more than once. */
  readonly duplicated: readonly string[];
  /** Orders that a client was told are written, and that are not there as it was told. */
  readonly lost: readonly string[];
  /** Writes whose term is lower than that of a write before. */
  readonly fallen: readonly LedgerEntry[];
  /** Terms that wrote in turns: each wrote again after the other had begun. */
  readonly interleaved: Overlap<bigint>;
}

/** Compares the ledger with what clients were told, and with itself. */
export function auditLedger(
  entries: readonly LedgerEntry[],
  accepted: readonly AcceptedOrder[],
): LedgerAudit {
  const inOrder = entries.toSorted((a, b) => a.sequence - b.sequence);
  const sequences = new Map<string, number[]>();
  const fallen: LedgerEntry[] = [];
  let highest = -1n;
  for (const entry of inOrder) {
    const known = sequences.get(entry.orderId);
    if (known === undefined) sequences.set(entry.orderId, [entry.sequence]);
    else known.push(entry.sequence);
    if (entry.term < highest) fallen.push(entry);
    else highest = entry.term;
  }
  return {
    duplicated: [...sequences].filter(([, at]) => at.length > 1).map(([orderId]) => orderId),
    lost: accepted
      .filter(({ orderId, sequence }) => sequences.get(orderId)?.includes(sequence) !== true)
      .map(({ orderId }) => orderId),
    fallen,
    interleaved: largestOverlap(spans(inOrder)),
  };
}

/** Each term from its first to its last write. */
function spans(
  inOrder: readonly LedgerEntry[],
): readonly { readonly from: number; readonly until: number; readonly owner: bigint }[] {
  const byTerm = new Map<bigint, { from: number; until: number }>();
  for (const { sequence, term } of inOrder) {
    const span = byTerm.get(term);
    if (span === undefined) byTerm.set(term, { from: sequence, until: sequence + 1 });
    else span.until = sequence + 1;
  }
  return [...byTerm].map(([owner, span]) => ({ owner, ...span }));
}
