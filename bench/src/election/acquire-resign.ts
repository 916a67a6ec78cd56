import { withCases } from "../case-process.ts";
import type { Question } from "../question.ts";
import { measureInRounds, valuesOf } from "../rounds.ts";
import { makeRow, ratioAtLeast } from "../row.ts";
import { compare } from "../statistics.ts";
import type { AcquireResignSettings } from "./acquire-resign-cases.ts";
import { etcd3Name } from "./etcd3-campaign.ts";

/** How acquiring and resigning is asked about. */
export interface AcquireResignOptions {
  readonly name: string;
  readonly what: string;
  /** How many elections go on at once. */
  readonly width: number;
  /** How often each of them is acquired and resigned in a round. */
  readonly cycles: number;
  /** The least that ours may reach of the two bare transactions. */
  readonly ofLimit: number;
}

/** How often elections are acquired and resigned in a second. */
export function acquireResign(options: AcquireResignOptions): Question {
  const { name, what, width, cycles } = options;
  return {
    name,
    about: `${what}: cycles a second`,
    async answer({ cluster, rounds, progress }) {
      const { endpoint } = await cluster();
      const settings: AcquireResignSettings = { endpoint, ttlMs: 5_000, width, cycles };
      const module = import.meta.resolve("./acquire-resign-cases.ts");
      const names = ["ours", "etcd3", "bare"] as const;
      const { ours, etcd3, bare } = await withCases({ module, names, settings }, (measures) =>
        measureInRounds(measures, { rounds, progress }),
      );
      const mine = valuesOf(ours, "perSecond");
      const label = { what, unit: "cycles/s", better: "higher" } as const;
      return [
        makeRow(
          { ...label, against: etcd3Name },
          compare(mine, valuesOf(etcd3, "perSecond")),
          ratioAtLeast(2),
        ),
        makeRow(
          { ...label, against: "two bare transactions" },
          compare(mine, valuesOf(bare, "perSecond")),
          ratioAtLeast(options.ofLimit),
        ),
      ];
    },
  };
}
