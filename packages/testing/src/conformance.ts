import type { Store, StoreCapabilities, StoreDescription } from "@mandate/election";
import { callCases } from "./conformance/calls.ts";
import { claimCases } from "./conformance/claims.ts";
import { ClientPool } from "./conformance/client-pool.ts";
import { controlCases } from "./conformance/control.ts";
import { expiryCases } from "./conformance/expiry.ts";
import { nameCases } from "./conformance/names.ts";
import { processCases } from "./conformance/processes.ts";
import { sessionCases } from "./conformance/sessions.ts";
import { snapshotCases } from "./conformance/snapshots.ts";
import type { ConformanceCase, TrialOptions } from "./conformance/trial.ts";
import { Trial } from "./conformance/trial.ts";
import { watchCases } from "./conformance/watches.ts";
import { acrossProcess } from "./process-boundary.ts";

/** What {@link conformance} needs to know of a store. */
export interface ConformanceOptions {
  /**
   * The test runner's function: vitest's, node:test's or mocha's `test`. Cases share nothing, so
   * that they may run at the same time. One takes some TTLs at most: allow it 30 seconds.
   */
  readonly test: (name: string, run: () => Promise<void>) => unknown;
  /**
   * Opens a client of the store: each time a new one, always of the same servers or folder. The
   * suite closes it.
   */
  readonly open: () => Promise<Store>;
  /** What the store declares; it decides which cases run, and is checked. */
  readonly capabilities: StoreCapabilities;
  /**
   * The same store as data: all cases run a second time with each client in a process of its own,
   * and some more, in which a process is killed. @defaultValue they do not
   */
  readonly description?: StoreDescription;
  /**
   * How long after the end of its TTL the claims of a session may still be there, in milliseconds.
   * @defaultValue 2_000
   */
  readonly expiryLagMs?: number;
}

/**
 * Registers the tests that each store must pass: what the store contract promises, as one case for
 * each promise. Elections have names of their own, so that the suite runs beside others on servers
 * that are in use; it leaves behind control records, which the contract cannot remove.
 */
export function conformance(options: ConformanceOptions): void {
  const { test, open, capabilities, description, expiryLagMs = 2_000 } = options;
  const direct: TrialOptions = { open, capabilities, expiryLagMs };
  register(test, { trial: direct, cases: storeCases });
  if (description === undefined) return;
  const openThere = async (): Promise<Store> => await acrossProcess(description);
  const pool = new ClientPool(openThere);
  const across: TrialOptions = { ...direct, open: openThere, pool, acrossProcess: true };
  register(test, { trial: across, cases: storeCases, prefix: "across a process: " });
  register(test, { trial: direct, cases: processCases(description) });
}

interface Registration {
  readonly trial: TrialOptions;
  readonly cases: readonly ConformanceCase[];
  readonly prefix?: string;
}

function register(
  test: ConformanceOptions["test"],
  { trial, cases, prefix = "" }: Registration,
): void {
  for (const { name, applies, run } of cases) {
    if (applies?.(trial) === false) continue;
    test(prefix + name, async () => {
      await Trial.run(trial, run);
    });
  }
}

const storeCases: readonly ConformanceCase[] = [
  ...sessionCases,
  ...expiryCases,
  ...claimCases,
  ...snapshotCases,
  ...watchCases,
  ...controlCases,
  ...nameCases,
  ...callCases,
];
