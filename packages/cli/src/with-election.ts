import { type ElectionOperator, openOperator } from "@mandate/election";
import { untilAborted } from "./until-aborted.ts";
import type { CommandContext } from "./command.ts";
import { describeStore } from "./stores.ts";
import { usageError } from "./usage-error.ts";

/**
 * Opens the election that a command is about, uses it, and closes it. Rejects with the reason of
 * the context's signal as soon as that aborts.
 */
export async function withElection<Result>(
  context: CommandContext,
  use: (election: ElectionOperator) => Promise<Result>,
): Promise<Result> {
  const { election, values, environment, signal } = context;
  const termFloor = parseTermFloor(values["term-floor"]);
  const store = await describeStore(storeUrl(values["store"], environment), environment);
  const operator = await openOperator(store, { termFloor });
  try {
    return await untilAborted(use(operator.election(election)), signal);
  } finally {
    await operator.close();
  }
}

function storeUrl(option: string | undefined, environment: CommandContext["environment"]): string {
  // A variable that is set to nothing is as good as none.
  return option ?? (environment["MANDATE_STORE"] || "local:");
}

function parseTermFloor(text: string | undefined): bigint {
  if (text === undefined) return 0n;
  if (/^\d{1,19}$/.test(text)) return BigInt(text);
  throw usageError(`--term-floor is ${JSON.stringify(text)}: give a whole number of 0 or more`);
}
