import { MandateError } from "../errors.ts";
import type { PostgresClient } from "./postgres-client.ts";

/** The parts of a fenced transaction, in their order. */
export interface FencedTransactionParts<Result> {
  /** Takes the fence's row, or throws. */
  readonly enter: () => Promise<void>;
  readonly work: () => Promise<Result>;
  /** Throws when the mandate is no longer valid. */
  readonly check: () => void;
}

/** How a transaction ended, and whether its connection may be used again. */
export type TransactionOutcome<Result> =
  | { readonly kind: "committed"; readonly value: Result; readonly reusable: boolean }
  | { readonly kind: "failed"; readonly error: unknown; readonly reusable: boolean };

// A leader that is stopped inside of a transaction would keep the fence's row, and with it its
// successor, for as long as it is stopped. Only where the connection has no such timeout of its
// own.
const begin =
  "BEGIN; SELECT set_config('idle_in_transaction_session_timeout', '5s', true) " +
  "WHERE current_setting('idle_in_transaction_session_timeout') = '0'";

const busyClients = new WeakSet<PostgresClient>();

/** Runs the parts between `BEGIN` and `COMMIT`. Does not throw. */
export async function runPostgresTransaction<Result>(
  client: PostgresClient,
  parts: FencedTransactionParts<Result>,
): Promise<TransactionOutcome<Result>> {
  if (busyClients.has(client)) {
    return { kind: "failed", error: clientIsBusy(), reusable: true };
  }
  busyClients.add(client);
  client.on("error", ignoreError);
  try {
    return await runParts(client, parts);
  } finally {
    client.off("error", ignoreError);
    busyClients.delete(client);
  }
}

/**
 * A connection that breaks while no statement runs says so by an event, which would end the process
 * if nobody listened. The next statement fails because of it, and that is soon enough.
 */
function ignoreError(): void {}

async function runParts<Result>(
  client: PostgresClient,
  { enter, work, check }: FencedTransactionParts<Result>,
): Promise<TransactionOutcome<Result>> {
  let value: Result;
  try {
    await client.query(begin);
    await enter();
    // The row's lock may have been long in coming.
    check();
    value = await work();
    check();
  } catch (error) {
    return { kind: "failed", error, reusable: await rollBack(client) };
  }
  try {
    const { command } = await client.query("COMMIT");
    return command === "COMMIT"
      ? { kind: "committed", value, reusable: true }
      : { kind: "failed", error: workHidAnError(), reusable: true };
  } catch (error) {
    return isServersRefusal(error)
      ? { kind: "failed", error, reusable: true }
      : { kind: "failed", error: commitIsUnknown(error), reusable: false };
  }
}

/** Resolves to whether the connection is surely out of the transaction. */
async function rollBack(client: PostgresClient): Promise<boolean> {
  try {
    await client.query("ROLLBACK");
    return true;
  } catch {
    // The server rolls back by itself when the connection ends; the error that led here says more.
    return false;
  }
}

/**
 * An `ERROR` (not `FATAL`) in answer to `COMMIT` comes before the commit is written: a constraint
 * that is checked there, a serialization failure. All else leaves open whether it was.
 */
function isServersRefusal(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "severity" in error && error.severity === "ERROR"
  );
}

function commitIsUnknown(cause: unknown): MandateError {
  return new MandateError(
    "the connection to Postgres broke during COMMIT: the transaction may or may not have taken " +
      "effect. Look for what it wrote before you repeat it",
    { code: "STORE_UNAVAILABLE", cause, applied: "unknown" },
  );
}

function workHidAnError(): MandateError {
  return new MandateError(
    "Postgres rolled the transaction back, since a statement in it had failed and the work went " +
      "on: let the work reject with a statement's error, or wrap that statement in a savepoint",
    { code: "INVALID_OPTIONS", applied: "no" },
  );
}

function clientIsBusy(): MandateError {
  return new MandateError(
    "this client is in a fenced transaction already: await that one first, or pass a pool",
    { code: "INVALID_OPTIONS", applied: "no" },
  );
}
