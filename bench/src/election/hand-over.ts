import { withCases } from "../case-process.ts";
import type { Question } from "../question.ts";
import { measureInRounds, valuesOf } from "../rounds.ts";
import { makeRow, noTarget, ratioAtMost } from "../row.ts";
import { compare } from "../statistics.ts";
import { etcd3Name } from "./etcd3-campaign.ts";
import type { HandOverSettings } from "./hand-over-cases.ts";

/** How long after a leader has resigned the next candidate leads. */
export function handOver(counts: { readonly count: number; readonly warmUp: number }): Question {
  const what = "hand-over after resign, p50";
  return {
    name: "hand-over",
    about: "milliseconds from the call of resign to the mandate of the next in the queue",
    async answer({ cluster, rounds, progress }) {
      const { endpoint } = await cluster();
      const settings: HandOverSettings = { endpoint, ttlMs: 5_000, ...counts };
      const module = import.meta.resolve("./hand-over-cases.ts");
      const names = ["ours", "etcd3", "bare"] as const;
      const { ours, etcd3, bare } = await withCases({ module, names, settings }, (measures) =>
        measureInRounds(measures, { rounds, progress }),
      );
      const mine = valuesOf(ours, "medianMs");
      const label = { what, unit: "ms", better: "lower" } as const;
      return [
        makeRow(
          { ...label, against: "one bare write and its watch event" },
          compare(mine, valuesOf(bare, "medianMs")),
          ratioAtMost(1.5),
        ),
        makeRow(
          { ...label, against: etcd3Name },
          compare(mine, valuesOf(etcd3, "medianMs")),
          noTarget,
        ),
      ];
    },
  };
}
