import type { TermRecord } from "@mandate/election";
import { formatDuration } from "./duration.ts";
import { printable } from "./printable.ts";
import { table } from "./table.ts";

/** The terms for `--json`: what is not known is null. */
export function historyJson(election: string, terms: readonly TermRecord[]): object {
  return {
    election,
    terms: terms.map(({ term, candidateId, startedAtMs, endedAtMs, endReason }) => ({
      term,
      candidateId,
      startedAt: isoTime(startedAtMs),
      endedAt: endedAtMs === undefined ? null : isoTime(endedAtMs),
      endReason: endReason ?? null,
    })),
  };
}

/** The terms as a table. */
export function historyLines(election: string, terms: readonly TermRecord[]): readonly string[] {
  if (terms.length === 0) return [`nobody has led ${printable(election)} yet, as far as is known`];
  const newest = terms.at(-1);
  return table([
    ["term", "leader", "from", "for", "ended"],
    ...terms.map((record) => termRow(record, record === newest)),
  ]);
}

function termRow(record: TermRecord, isNewest: boolean): readonly string[] {
  const { term, candidateId, startedAtMs, endedAtMs, endReason } = record;
  return [
    term.toString(),
    printable(candidateId),
    isoTime(startedAtMs),
    endedAtMs === undefined ? "?" : formatDuration(Math.max(0, endedAtMs - startedAtMs)),
    printable(endReason ?? (isNewest ? "not yet, or without a word" : "without a word")),
  ];
}

function isoTime(timeMs: number): string {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? "?" : time.toISOString();
}
