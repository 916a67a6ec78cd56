import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import type { Cases, OpenedCase } from "../case.ts";
import { median } from "../statistics.ts";
import type { CandidateNews, CandidateOrder, CandidateSettings } from "./hand-over-candidate.ts";

/** What the cases of handing over are given. */
export interface HandOverSettings {
  readonly endpoint: string;
  readonly ttlMs: number;
  /** Hand-overs in a round. */
  readonly count: number;
  /** Hand-overs before the first round, one after another. */
  readonly warmUp: number;
}

/**
 * How long nothing happens before each hand-over, in milliseconds: all that a candidate in the
 * queue prepares for its turn is in place then. etcd3 asks for a watch from a revision that has
 * passed, which etcd serves by a loop that runs each 100 ms.
 */
const restMs = 150;

/** Hand-over after resign: ours, the reference, and one write that somebody else watches. */
export const cases: Cases<HandOverSettings> = {
  ours: (settings) => openPair("ours", settings),
  etcd3: (settings) => openPair("etcd3", settings),
  bare: (settings) => openPair("bare", settings),
};

async function openPair(
  kind: CandidateSettings["kind"],
  { endpoint, ttlMs, count, warmUp }: HandOverSettings,
): Promise<OpenedCase> {
  const election = `bench/hand-over/${kind}/${process.pid}`;
  const open = (id: string): Promise<CandidateThread> =>
    CandidateThread.open({ kind, endpoint, ttlMs, election, id });
  let [leader, next] = [await open("one"), await open("other")];
  const handOver = async (pauseMs: number): Promise<number> => {
    next.order("stand");
    await next.news("standing");
    await delay(pauseMs);
    leader.order("resign");
    const { atMs: resignedAtMs } = await leader.news("resigning");
    const { atMs: electedAtMs } = await next.news("elected");
    await leader.news("resigned");
    [leader, next] = [next, leader];
    return electedAtMs - resignedAtMs;
  };
  // Of two bare clients one writes and the other one watches: there is nothing to win at first.
  if (kind !== "bare") {
    leader.order("stand");
    await leader.news("elected");
  }
  for (let done = 0; done < warmUp; done += 1) await handOver(0);
  return {
    async measure() {
      const tookMs: number[] = [];
      while (tookMs.length < count) tookMs.push(await handOver(restMs));
      return { medianMs: median(tookMs) };
    },
    async close() {
      leader.order("resign");
      await leader.news("resigned");
      for (const candidate of [leader, next]) await candidate.close();
    },
  };
}

type NewsOf<Kind extends CandidateNews["kind"]> = Extract<CandidateNews, { readonly kind: Kind }>;

class CandidateThread {
  readonly #worker: Worker;
  readonly #unread: CandidateNews[] = [];
  #wake: () => void = () => undefined;

  private constructor(settings: CandidateSettings) {
    this.#worker = new Worker(new URL("./hand-over-candidate.ts", import.meta.url), {
      workerData: settings,
    });
    this.#worker.on("message", (news: CandidateNews) => {
      this.#unread.push(news);
      this.#wake();
    });
    // Uncaught, so that it ends this process, and the one that waits for it hears of that.
    this.#worker.on("error", (error) => {
      throw error;
    });
  }

  static async open(settings: CandidateSettings): Promise<CandidateThread> {
    const thread = new CandidateThread(settings);
    await thread.news("ready");
    return thread;
  }

  order(order: CandidateOrder): void {
    this.#worker.postMessage(order);
  }

  /** The first news of this kind that was not read yet. */
  async news<Kind extends CandidateNews["kind"]>(kind: Kind): Promise<NewsOf<Kind>> {
    for (;;) {
      const index = this.#unread.findIndex((news) => news.kind === kind);
      if (index >= 0) return this.#unread.splice(index, 1)[0] as NewsOf<Kind>;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async close(): Promise<void> {
    const exited = once(this.#worker, "exit");
    this.order("close");
    await exited;
  }
}
