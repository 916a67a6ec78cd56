import type { Journal, JournalEntry } from "./journal.ts";
import type { Interval } from "./overlap.ts";

/** A mandate as its holder's journal tells it. */
export interface HeldMandate {
  readonly candidateId: string;
  readonly term: bigint;
  readonly electedAtMs: number;
  /** When its holder was told, or noticed, that it ends; undefined when it never got to. */
  readonly drainedAtMs: number | undefined;
  readonly endReason: string | undefined;
  /** When it was valid: one interval, or more if it was renewed after it had run out. */
  readonly validity: readonly Interval[];
}

/**
 * The mandates of a journal. One is valid from its election to the earliest of: the end that the
 * last renewal in time gave it, the end that was fixed when it began to drain, the end of its work,
 * and the death of its process. A renewal is believed even when it came after that end: a process
 * that revives an expired mandate is to be found out, not excused.
 */
export function heldMandates({ candidateId, entries, diedAtMs }: Journal): readonly HeldMandate[] {
  const elections = entries.filter((entry) => entry.type === "elected");
  return elections.map((election) => {
    const own = entries.slice(entries.indexOf(election) + 1).filter((entry) => {
      return entry.type === "session-renewed" || entry.term === election.term;
    });
    const end = own.find((entry) => entry.type === "draining" || entry.type === "ended");
    const endMs = Math.min(...own.map(latestEndMs), diedAtMs ?? Infinity);
    const renewals = own
      .slice(0, end === undefined ? own.length : own.indexOf(end))
      .filter((entry) => entry.type === "session-renewed");
    const claimed = [election, ...renewals].map(({ atMs, validUntilMs }) => ({
      from: atMs,
      until: Math.min(validUntilMs, endMs),
    }));
    return {
      candidateId,
      term: election.term,
      electedAtMs: election.atMs,
      drainedAtMs: end?.atMs,
      endReason: end?.reason,
      validity: merged(claimed.filter(({ from, until }) => from < until)),
    };
  });
}

/** The latest that a mandate can have ended by what an entry says. */
function latestEndMs(entry: JournalEntry): number {
  if (entry.type === "draining") return entry.validUntilMs;
  return entry.type === "work-settled" || entry.type === "ended" ? entry.atMs : Infinity;
}

/** Intervals that touch, as one; they come in the order of their beginnings. */
function merged(intervals: readonly Interval[]): readonly Interval[] {
  const result: Interval[] = [];
  for (const next of intervals) {
    const last = result.at(-1);
    if (last === undefined || next.from > last.until) result.push(next);
    else result[result.length - 1] = { ...last, until: Math.max(last.until, next.until) };
  }
  return result;
}
