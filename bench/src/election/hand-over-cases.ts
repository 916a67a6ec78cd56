import { setTimeout as delay } from "node:timers/promises";

import { type Election, openSession } from "@mandate/election";
import { etcd } from "@mandate/store-etcd";
import { methods, WatchHub } from "@mandate/store-etcd/internal";
import type { Campaign } from "etcd3";

import type { Cases, Measurement, OpenedCase } from "../case.ts";
import { median } from "../statistics.ts";
import { openBareClient } from "./bare-client.ts";
import { campaignEtcd3, openEtcd3, untilElected } from "./etcd3-campaign.ts";

/** What the cases of handing over are given. */
export interface HandOverSettings {
  readonly endpoint: string;
  readonly ttlMs: number;
  /** Hand-overs in a round. */
  readonly count: number;
}

/**
 * How long nothing happens before each hand-over, in milliseconds: all that a candidate in the queue
 * prepares for its turn is in place then. etcd3 asks for a watch from a revision that has passed,
 * which etcd serves by a loop that runs each 100 ms.
 */
const restMs = 150;

/** Hand-over after resign: ours, the reference, and one write that somebody else watches. */
export const cases: Cases<HandOverSettings> = {
  ours: async ({ endpoint, ttlMs, count }) => {
    const open = (id: string) =>
      openSession(etcd({ endpoints: [endpoint] }), { ttlMs, candidate: { id } });
    const sessions = [await open("one"), await open("other")] as const;
    const name = `bench/hand-over/${process.pid}`;
    let [leader, next] = sessions.map((session) => session.election(name)) as [Election, Election];
    let mandate = await leader.campaign();
    const handOver = async (): Promise<number> => {
      const elected = next.campaign();
      while ((await next.status()).contenders.length < 2);
      await delay(restMs);
      const beganMs = performance.now();
      const resigned = mandate.resign();
      mandate = await elected;
      const tookMs = performance.now() - beganMs;
      await resigned;
      [leader, next] = [next, leader];
      return tookMs;
    };
    return await warm(count, {
      handOver,
      close: async () => {
        await mandate.resign();
        for (const session of sessions) await session.close();
      },
    });
  },

  etcd3: async ({ endpoint, ttlMs, count }) => {
    const clients = [await openEtcd3(endpoint), await openEtcd3(endpoint)] as const;
    const name = `bench/hand-over/${process.pid}`;
    let [leader, next] = [
      clients[0].election(name, ttlMs / 1_000),
      clients[1].election(name, ttlMs / 1_000),
    ];
    let campaign = await campaignEtcd3(leader);
    const handOver = async (): Promise<number> => {
      const waiting = next.campaign("bench");
      const elected = untilElected(waiting);
      await untilQueued(waiting);
      await delay(restMs);
      const beganMs = performance.now();
      const resigned = campaign.resign();
      await elected;
      const tookMs = performance.now() - beganMs;
      await resigned;
      campaign = waiting;
      [leader, next] = [next, leader];
      return tookMs;
    };
    return await warm(count, {
      handOver,
      close: async () => {
        await campaign.resign();
        for (const client of clients) client.close();
      },
    });
  },

  bare: async ({ endpoint, count }) => {
    const [writer, watcher] = [openBareClient(endpoint), openBareClient(endpoint)];
    const key = Buffer.from(`bench/hand-over/${process.pid}`);
    const write = async (): Promise<void> => {
      const put = { key, value: Buffer.from("1"), lease: 0n };
      await writer.client.call(methods.put, put, writer.options);
    };
    const hub = new WatchHub(watcher.client);
    let seen = Promise.withResolvers<void>();
    hub.watch(
      { key, rangeEnd: Buffer.alloc(0), startRevision: 0n },
      { onEvents: () => seen.resolve(), onEnd: (failure) => seen.reject(failure) },
    );
    const handOver = async (): Promise<number> => {
      await delay(restMs);
      seen = Promise.withResolvers();
      const beganMs = performance.now();
      const written = write();
      await seen.promise;
      const tookMs = performance.now() - beganMs;
      await written;
      return tookMs;
    };
    return await warm(count, {
      handOver,
      close: async () => {
        // Nobody waits for the watch any more, whose end is a failure to who does.
        seen.promise.catch(() => undefined);
        hub.close();
        for (const { client } of [writer, watcher]) client.close();
      },
    });
  },
};

interface Opened {
  /** Hands over once, and says how many milliseconds it took. */
  readonly handOver: () => Promise<number>;
  readonly close: () => Promise<void>;
}

async function warm(count: number, { handOver, close }: Opened): Promise<OpenedCase> {
  const measure = async (): Promise<Measurement> => {
    const tookMs: number[] = [];
    while (tookMs.length < count) tookMs.push(await handOver());
    return { medianMs: median(tookMs) };
  };
  await measure();
  return { measure, close };
}

/** Resolves when an etcd3 candidate has found somebody before it: its own tests wait for this. */
function untilQueued(campaign: Campaign): Promise<void> {
  return new Promise((resolve) => {
    campaign.once("_isWaiting", resolve);
  });
}
