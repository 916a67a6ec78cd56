import { parentPort } from "node:worker_threads";
import { simulate, type SimulationResult } from "../simulate.ts";

/** Seeds for a worker to run, one after another. */
export interface SeedRange {
  readonly firstSeed: number;
  readonly count: number;
}

/** What a worker says of a range that it ran. */
export interface RangeReport {
  readonly ran: number;
  readonly mandates: number;
  readonly excusedOverlaps: number;
  readonly simulatedMs: number;
  readonly failures: readonly SimulationResult[];
}

/** Runs a range of seeds. */
export async function runRange({ firstSeed, count }: SeedRange): Promise<RangeReport> {
  const failures: SimulationResult[] = [];
  let [mandates, excusedOverlaps, simulatedMs] = [0, 0, 0];
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const result = await simulate(seed);
    mandates += result.mandates;
    excusedOverlaps += result.excusedOverlaps;
    simulatedMs += result.simulatedMs;
    if (result.violations.length > 0) failures.push(result);
  }
  return { ran: count, mandates, excusedOverlaps, simulatedMs, failures };
}

const port = parentPort;
port?.on("message", (range: SeedRange) => {
  // A world that throws is a failure of its seed; anything else ends the worker, which is noticed.
  void runRange(range).then((report) => port.postMessage(report));
});
