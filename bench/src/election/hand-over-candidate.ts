// A thread with one candidate, which is told when to stand and when to resign. Candidates have a
// thread each, as they would be processes: none waits while another one works.
import { parentPort, workerData } from "node:worker_threads";

import { openSession } from "@mandate/election";
import { etcd } from "@mandate/store-etcd";
import { methods, WatchHub } from "@mandate/store-etcd/internal";

import { openBareClient } from "./bare-client.ts";
import { openEtcd3, untilElected } from "./etcd3-campaign.ts";

/** What a candidate is made from. */
export interface CandidateSettings {
  readonly kind: "ours" | "etcd3" | "bare";
  readonly endpoint: string;
  readonly ttlMs: number;
  readonly election: string;
  /** Unlike that of the other one. */
  readonly id: string;
}

/** What a candidate is told. */
export type CandidateOrder = "stand" | "resign" | "close";

/** What a candidate tells. Times are on the monotonic clock that all threads share. */
export type CandidateNews =
  | { readonly kind: "ready" }
  | { readonly kind: "standing" }
  | { readonly kind: "elected"; readonly atMs: number }
  | { readonly kind: "resigning"; readonly atMs: number }
  | { readonly kind: "resigned" }
  | { readonly kind: "closed" };

interface Candidate {
  /** Stands; `inQueue` is called when nothing is missing but its turn. Resolves when elected. */
  stand(inQueue: () => void): Promise<void>;
  resign(): Promise<void>;
  close(): Promise<void>;
}

const settings = workerData as CandidateSettings;
const none = Buffer.alloc(0);
const makers = { ours: makeOurs, etcd3: makeEtcd3, bare: makeBare };
const candidate = await makers[settings.kind]();
const obey: Readonly<Record<CandidateOrder, () => Promise<void>>> = {
  async stand() {
    await candidate.stand(() => tell({ kind: "standing" }));
    tell({ kind: "elected", atMs: nowMs() });
  },
  async resign() {
    const atMs = nowMs();
    const resigned = candidate.resign();
    tell({ kind: "resigning", atMs });
    await resigned;
    tell({ kind: "resigned" });
  },
  async close() {
    await candidate.close();
    tell({ kind: "closed" });
    parentPort?.close();
  },
};
// A failure ends the thread, and the case with it.
parentPort?.on("message", (order: CandidateOrder) => void obey[order]());
tell({ kind: "ready" });

function tell(news: CandidateNews): void {
  parentPort?.postMessage(news);
}

function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

async function makeOurs(): Promise<Candidate> {
  const { endpoint, ttlMs, election: name, id } = settings;
  const session = await openSession(etcd({ endpoints: [endpoint] }), { ttlMs, candidate: { id } });
  const election = session.election(name);
  let resign = (): Promise<void> => Promise.resolve();
  return {
    async stand(inQueue) {
      const campaign = election.campaign();
      const stands = async (): Promise<boolean> => {
        const { contenders } = await election.status();
        return contenders.some((contender) => contender.candidate.id === id);
      };
      while (!(await stands()));
      inQueue();
      const mandate = await campaign;
      resign = () => mandate.resign();
    },
    resign: () => resign(),
    close: () => session.close(),
  };
}

async function makeEtcd3(): Promise<Candidate> {
  const { endpoint, ttlMs, election: name } = settings;
  const client = await openEtcd3(endpoint);
  const election = client.election(name, ttlMs / 1_000);
  let resign = (): Promise<void> => Promise.resolve();
  return {
    async stand(inQueue) {
      const campaign = election.campaign("bench");
      // Its own tests wait for this, too: it has found somebody before it.
      campaign.once("_isWaiting", inQueue);
      await untilElected(campaign);
      resign = () => campaign.resign();
    },
    resign: () => resign(),
    close: () => Promise.resolve(client.close()),
  };
}

/** What a hand-over cannot do without: one writes, and the other one is told. */
function makeBare(): Promise<Candidate> {
  const { client, options } = openBareClient(settings.endpoint);
  const hub = new WatchHub(client);
  const key = Buffer.from(settings.election);
  return Promise.resolve({
    async stand(inQueue) {
      const { promise: seen, resolve, reject } = Promise.withResolvers<void>();
      const { header } = await client.call(methods.range, { key, rangeEnd: none }, options);
      const range = { key, rangeEnd: none, startRevision: (header?.revision ?? 0n) + 1n };
      const stop = hub.watch(range, { onEvents: () => resolve(), onEnd: reject });
      inQueue();
      await seen;
      stop();
    },
    async resign() {
      await client.call(methods.put, { key, value: Buffer.from("1"), lease: 0n }, options);
    },
    close: () => Promise.resolve(client.close()),
  });
}
