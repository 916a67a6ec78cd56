import { setTimeout as delay } from "node:timers/promises";

import { type HeldMandate, openSession } from "@mandate/election";
import { etcd } from "@mandate/store-etcd";
import type { Campaign } from "etcd3";

import type { Cases, Measurement, OpenedCase } from "../case.ts";
import { campaignEtcd3, openEtcd3 } from "./etcd3-campaign.ts";

/** What the cases of many elections are given. */
export interface ManyElectionsSettings {
  readonly endpoint: string;
  readonly ttlMs: number;
  /** How many elections one process leads. */
  readonly count: number;
}

/**
 * How long a process that leads may take to come to rest before its memory counts, in milliseconds.
 */
const restMs = 1_000;

const mib = 2 ** 20;

/** Many elections led by one process: ours, and the reference. Each can be measured once. */
export const cases: Cases<ManyElectionsSettings> = {
  ours: async ({ endpoint, ttlMs, count }) => {
    const session = await openSession(etcd({ endpoints: [endpoint] }), {
      ttlMs,
      candidate: { id: "bench" },
    });
    const mandates: HeldMandate[] = [];
    return await afterFirst(count, {
      lead: async (place) => {
        mandates.push(await session.election(nameOf(place)).campaign());
      },
      close: async () => {
        await Promise.all(mandates.map((mandate) => mandate.resign()));
        await session.close();
      },
    });
  },

  etcd3: async ({ endpoint, ttlMs, count }) => {
    const client = await openEtcd3(endpoint);
    const campaigns: Campaign[] = [];
    return await afterFirst(count, {
      lead: async (place) => {
        const election = client.election(nameOf(place), ttlMs / 1_000);
        campaigns.push(await campaignEtcd3(election));
      },
      close: async () => {
        await Promise.all(campaigns.map((campaign) => campaign.resign()));
        client.close();
      },
    });
  },
};

interface Opened {
  /** Resolves when this process leads the election with this number. */
  readonly lead: (place: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Leads one election first: what the process needs for that is no cost of the others. */
async function afterFirst(count: number, { lead, close }: Opened): Promise<OpenedCase> {
  await lead(0);
  const measure = async (): Promise<Measurement> => {
    const before = await restingMemory();
    const beganMs = performance.now();
    await Promise.all(Array.from({ length: count - 1 }, (_, place) => lead(place + 1)));
    const tookMs = performance.now() - beganMs;
    const after = await restingMemory();
    return {
      perSecond: ((count - 1) / tookMs) * 1_000,
      residentMib: (after.rss - before.rss) / mib,
      heapMib: (after.heapUsed - before.heapUsed) / mib,
    };
  };
  return { measure, close };
}

async function restingMemory(): Promise<NodeJS.MemoryUsage> {
  if (globalThis.gc === undefined) throw new TypeError("run it with --expose-gc");
  await delay(restMs);
  // The first round frees what the second one's finalizers hold.
  for (let round = 0; round < 2; round += 1) globalThis.gc();
  return process.memoryUsage();
}

function nameOf(place: number): string {
  return `bench/many/${process.pid}/${place}`;
}
