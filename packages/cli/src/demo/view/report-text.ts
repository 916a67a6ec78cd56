import { formatDuration } from "../../duration.ts";
import { table } from "../../table.ts";
import type { LeaderChange } from "../audit/leader-changes.ts";
import type { DemoReport } from "../audit/report.ts";

/** The report for `--json`: what is not there is null. */
export function reportJson(report: DemoReport): object {
  return {
    ...report,
    changes: report.changes.map(({ cause, gapMs, fromTerm, toTerm, to }) => ({
      cause,
      gapMs: gapMs === undefined ? null : Math.round(gapMs),
      fromTerm: fromTerm ?? null,
      toTerm,
      to: to ?? null,
    })),
  };
}

/** The report for people. */
export function reportLines(report: DemoReport): readonly string[] {
  const { changes, mandates, maxSimultaneousLeaders, orders, problems, termsIncrease } = report;
  const reasons = Object.entries(orders.refusedBecause);
  const stale = report.staleWritesRefused;
  return [
    ...table([
      [
        "Orders",
        `${orders.accepted} accepted, ${orders.refused} refused, ` +
          `${orders.duplicated} written twice, ${orders.lost} lost`,
      ],
      ...reasons.map(([reason, count]) => ["", `${count} refused: ${reason}`]),
      [
        "Leaders",
        `at most ${maxSimultaneousLeaders} at any time, by ${mandates} mandates in the data ` +
          "centres' journals and by the ledger",
      ],
      ["Terms", termsIncrease ? "always rose" : "fell"],
      ["Fence", `refused ${stale} ${stale === 1 ? "write" : "writes"} of leaders of the past`],
    ]),
    "",
    ...table([["Cause", "Without accepted orders", "Leader", "Term"], ...changes.map(changeRow)]),
    "",
    ...(problems.length === 0
      ? ["All is well: one leader at a time, and no order lost or written twice."]
      : problems.map((problem) => `PROBLEM: ${problem}`)),
  ];
}

function changeRow({ cause, gapMs, to, toTerm }: LeaderChange): readonly string[] {
  return [cause, gapMs === undefined ? "?" : formatDuration(gapMs), to ?? "?", toTerm.toString()];
}
