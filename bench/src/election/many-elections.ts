import { setTimeout as delay } from "node:timers/promises";

import type { BenchCluster } from "../bench-cluster.ts";
import type { Measurement } from "../case.ts";
import { withCases } from "../case-process.ts";
import type { Question } from "../question.ts";
import { measureInRounds, valuesOf } from "../rounds.ts";
import { makeRow, oursAtMost, ratioAtLeast } from "../row.ts";
import { compare } from "../statistics.ts";
import { etcd3Name } from "./etcd3-campaign.ts";
import type { ManyElectionsSettings } from "./many-elections-cases.ts";

/** How many elections, and how long renewals are counted. */
export interface ManyElectionsOptions {
  readonly count: number;
  readonly ttlMs: number;
  /** Over how many times TTL/3. */
  readonly renewalPeriods: number;
}

/** What it costs one process to lead many elections. */
export function manyElections({ count, ttlMs, renewalPeriods }: ManyElectionsOptions): Question {
  const kind = `${count.toLocaleString("en")} elections, one process`;
  return {
    name: "many-elections",
    about: `${kind}: time until all lead, memory, leases, renewals`,
    async answer({ cluster, rounds, progress }) {
      const etcd = await cluster();
      const settings: ManyElectionsSettings = { endpoint: etcd.endpoint, ttlMs, count };
      const measure = (name: "ours" | "etcd3") => (): Promise<Measurement> =>
        measureProcess(name, { settings, etcd, renewalPeriods });
      const { ours, etcd3 } = await measureInRounds(
        { ours: measure("ours"), etcd3: measure("etcd3") },
        { rounds, progress },
      );
      const figures = (key: string) => compare(valuesOf(ours, key), valuesOf(etcd3, key));
      const lower = { against: etcd3Name, better: "lower" } as const;
      return [
        makeRow(
          { what: `${kind}: led`, against: etcd3Name, unit: "elections/s", better: "higher" },
          figures("perSecond"),
          ratioAtLeast(3),
        ),
        makeRow({ ...lower, what: `${kind}: leases`, unit: "" }, figures("leases"), oursAtMost(1)),
        makeRow(
          { ...lower, what: `${kind}: renewals`, unit: "per TTL/3" },
          figures("renewals"),
          oursAtMost(1),
        ),
        makeRow(
          { ...lower, what: `${kind}: resident memory`, unit: "MiB more" },
          figures("residentMib"),
          oursAtMost(10),
        ),
        makeRow(
          { ...lower, what: `${kind}: heap`, unit: "MiB more" },
          figures("heapMib"),
          oursAtMost(10),
        ),
      ];
    },
  };
}

interface ProcessOptions {
  readonly settings: ManyElectionsSettings;
  readonly etcd: BenchCluster;
  readonly renewalPeriods: number;
}

/** Each process is measured once: memory that was used before says nothing. */
async function measureProcess(
  name: "ours" | "etcd3",
  { settings, etcd, renewalPeriods }: ProcessOptions,
): Promise<Measurement> {
  const module = import.meta.resolve("./many-elections-cases.ts");
  const leasesBefore = await etcd.countLeases();
  const options = { module, names: [name], settings, nodeOptions: ["--expose-gc"] };
  return await withCases(options, async (measures) => {
    const measured = await measures[name]();
    const leases = (await etcd.countLeases()) - leasesBefore;
    const renewalsBefore = await etcd.countMessages("LeaseKeepAlive");
    await delay((settings.ttlMs / 3) * renewalPeriods - countingMs);
    const renewals = (await etcd.countMessages("LeaseKeepAlive")) - renewalsBefore;
    return { ...measured, leases, renewals: renewals / renewalPeriods };
  });
}

/** What asking for the counts may take: the time between the two counts is no longer than meant. */
const countingMs = 200;
