import { Worker } from "node:worker_threads";
import type { RangeReport, SeedRange } from "./seed-worker.ts";

/** Which seeds to run, and how. */
export interface RunSeedsOptions {
  readonly firstSeed: number;
  readonly count: number;
  /** So many at once, each in a thread of its own. */
  readonly jobs: number;
  /** After each part of the work. */
  readonly onProgress?: (total: RangeReport) => void;
  /** No more seeds are begun after so many failures. @defaultValue 10 */
  readonly maxFailures?: number;
}

/** Small enough for a smooth display, large enough not to matter. */
const RANGE = 20;

const NOTHING: RangeReport = {
  ran: 0,
  mandates: 0,
  excusedOverlaps: 0,
  simulatedMs: 0,
  failures: [],
};

/**
 * Runs seeds on several threads.
 * Rejects when a thread dies, which no seed may cause.
 */
export async function runSeeds(options: RunSeedsOptions): Promise<RangeReport> {
  const { firstSeed, count, jobs, onProgress, maxFailures = 10 } = options;
  let total = NOTHING;
  let next = firstSeed;
  const takeRange = (): SeedRange | undefined => {
    const left = firstSeed + count - next;
    if (left <= 0 || total.failures.length >= maxFailures) return undefined;
    const range = { firstSeed: next, count: Math.min(RANGE, left) };
    next += range.count;
    return range;
  };
  const runThread = async (): Promise<void> => {
    const worker = new Worker(new URL("./seed-worker.ts", import.meta.url));
    try {
      for (let range = takeRange(); range !== undefined; range = takeRange()) {
        const report = await ask(worker, range);
        // Only now: another thread may have added to the total meanwhile.
        total = sum(total, report);
        onProgress?.(total);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: jobs }, runThread));
  return total;
}

function ask(worker: Worker, range: SeedRange): Promise<RangeReport> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number): void => {
      const { firstSeed, count } = range;
      const seeds = `${firstSeed} to ${firstSeed + count - 1}`;
      reject(new Error(`the thread of seeds ${seeds} ended (exit code ${code})`));
    };
    const onMessage = (report: RangeReport): void => settle(() => resolve(report));
    const onError = (error: Error): void => settle(() => reject(error));
    const settle = (then: () => void): void => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      then();
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(range);
  });
}

function sum(a: RangeReport, b: RangeReport): RangeReport {
  return {
    ran: a.ran + b.ran,
    mandates: a.mandates + b.mandates,
    excusedOverlaps: a.excusedOverlaps + b.excusedOverlaps,
    simulatedMs: a.simulatedMs + b.simulatedMs,
    failures: [...a.failures, ...b.failures],
  };
}
