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

/**
 * A process that crashed leaves behind in its thread what its calls were waiting with: composite
 * abort signals that somebody listens to are never collected. So threads are replaced now and then.
 */
const RANGES_OF_A_THREAD = 100;

/** A range that takes longer hangs, and that is a fault of the simulator or of the code. */
const RANGE_DEADLINE_MS = 300_000;

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
    for (let range = takeRange(); range !== undefined;) {
      const worker = new Worker(new URL("./seed-worker.ts", import.meta.url));
      try {
        for (let ranges = 0; ranges < RANGES_OF_A_THREAD && range !== undefined; ranges++) {
          total = sum(total, await ask(worker, range));
          onProgress?.(total);
          range = takeRange();
        }
      } finally {
        await worker.terminate();
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, runThread));
  return total;
}

function ask(worker: Worker, range: SeedRange): Promise<RangeReport> {
  const { firstSeed, count } = range;
  const seeds = `seeds ${firstSeed} to ${firstSeed + count - 1}`;
  return new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      clearTimeout(deadline);
      worker.removeAllListeners();
      then();
    };
    const deadline = setTimeout(() => {
      settle(() => reject(new Error(`${seeds} did not end within ${RANGE_DEADLINE_MS} ms`)));
    }, RANGE_DEADLINE_MS);
    worker.on("message", (report: RangeReport) => settle(() => resolve(report)));
    worker.on("error", (cause) => {
      settle(() => reject(new Error(`the thread of ${seeds} failed`, { cause })));
    });
    worker.on("exit", (code) => {
      settle(() => reject(new Error(`the thread of ${seeds} ended with exit code ${code}`)));
    });
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
