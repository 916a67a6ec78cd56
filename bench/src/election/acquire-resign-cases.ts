import { openSession } from "@mandate/election";
import { etcd } from "@mandate/store-etcd";
import {
  createdAt,
  deleteOp,
  KeyLayout,
  methods,
  putOp,
  rangeOp,
  transaction,
} from "@mandate/store-etcd/internal";

import type { Cases, OpenedCase } from "../case.ts";
import { grantLease, openBareClient } from "./bare-client.ts";
import { campaignEtcd3, openEtcd3 } from "./etcd3-campaign.ts";

/** What the cases of acquiring and resigning are given. */
export interface AcquireResignSettings {
  readonly endpoint: string;
  readonly ttlMs: number;
  /** How many elections go on at once. */
  readonly width: number;
  /** How often each of them is acquired and resigned in a round. */
  readonly cycles: number;
}

/** Acquire and resign: ours, the reference, and the two transactions that it cannot do without. */
export const cases: Cases<AcquireResignSettings> = {
  ours: async (settings) => {
    const session = await openSession(etcd({ endpoints: [settings.endpoint] }), {
      ttlMs: settings.ttlMs,
      candidate: { id: "bench" },
    });
    const elections = times(settings.width, (place) => session.election(nameOf("ours", place)));
    return await warm(settings, {
      contestants: elections.map((election) => async () => {
        const mandate = await election.campaign();
        await mandate.resign();
      }),
      close: () => session.close(),
    });
  },

  etcd3: async (settings) => {
    const client = await openEtcd3(settings.endpoint);
    const elections = times(settings.width, (place) =>
      client.election(nameOf("etcd3", place), settings.ttlMs / 1_000),
    );
    return await warm(settings, {
      contestants: elections.map((election) => async () => {
        const campaign = await campaignEtcd3(election);
        await campaign.resign();
      }),
      close: async () => client.close(),
    });
  },

  bare: async (settings) => {
    const bare = openBareClient(settings.endpoint);
    const { client, options } = bare;
    const lease = await grantLease(bare);
    const layout = new KeyLayout("");
    // As long as what a candidate registers.
    const value = "x".repeat(96);
    const contestants = times(settings.width, (place) => async () => {
      const election = nameOf("bare", place);
      const key = layout.claim(election, lease.toString(16));
      const view = [rangeOp(layout.claims(election)), rangeOp(layout.control(election))];
      const compare = [createdAt(key, 0n)];
      const success = [putOp(key, { value, lease }), ...view];
      const put = transaction({ compare, success, failure: view });
      const { header } = await client.call(methods.txn, put, options);
      const created = createdAt(key, header?.revision ?? 0n);
      const removal = transaction({ compare: [created], success: [deleteOp(key)] });
      const { succeeded } = await client.call(methods.txn, removal, options);
      if (!succeeded) throw new Error("the key was not there to be removed");
    });
    const close = async (): Promise<void> => {
      await client.call(methods.leaseRevoke, { id: lease }, options);
      client.close();
    };
    return await warm(settings, { contestants, close });
  },
};

interface Opened {
  readonly contestants: readonly (() => Promise<void>)[];
  readonly close: () => Promise<void>;
}

async function warm(settings: AcquireResignSettings, opened: Opened): Promise<OpenedCase> {
  const { contestants, close } = opened;
  const measure = async (): Promise<{ readonly perSecond: number }> => {
    const beganMs = performance.now();
    await Promise.all(
      contestants.map(async (cycle) => {
        for (let count = 0; count < settings.cycles; count += 1) await cycle();
      }),
    );
    const seconds = (performance.now() - beganMs) / 1_000;
    return { perSecond: (settings.cycles * contestants.length) / seconds };
  };
  await measure();
  return { measure, close };
}

function nameOf(kind: string, place: number): string {
  return `bench/${kind}/${process.pid}/${place}`;
}

function times<Value>(count: number, make: (place: number) => Value): readonly Value[] {
  return Array.from({ length: count }, (_, place) => make(place));
}
