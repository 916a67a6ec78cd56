import type { ElectionStatus } from "@mandate/election";
import type { CommandContext } from "../command.ts";
import { parseDuration } from "../duration.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable } from "../printable.ts";
import { leaderText, statusJson } from "../status-text.ts";
import { usageError } from "../usage-error.ts";
import { withElection } from "../with-election.ts";

/** `mandate resign`: the leader steps down. */
export async function resign(context: CommandContext): Promise<number> {
  const { signal } = context;
  const timeoutMs = timeoutOf(context);
  const after = await withElection(context, (election) => election.resign({ signal, timeoutMs }));
  report(context, after, "the leader stepped down");
  return exitCodes.ok;
}

/** `mandate transfer`: the leader hands over to another candidate. */
export async function transfer(context: CommandContext): Promise<number> {
  const { signal } = context;
  const { to } = context.values;
  if (to === undefined) {
    throw usageError(`to whom? mandate transfer ${context.election} --to ID`);
  }
  const timeoutMs = timeoutOf(context);
  const after = await withElection(context, (election) =>
    election.transfer({ to, signal, timeoutMs }),
  );
  const done = after.leader?.candidate.id === to;
  report(context, after, done ? "handed over" : `${printable(to)} did not take over`);
  return done ? exitCodes.ok : exitCodes.leader;
}

function report({ json, output }: CommandContext, after: ElectionStatus, what: string): void {
  if (json) output.printJson(statusJson(after));
  else output.print([`${what}: ${leaderText(after)}`]);
}

function timeoutOf({ values }: CommandContext): number {
  const limits = { option: "--timeout", minMs: 1, maxMs: 3_600_000 };
  return parseDuration(values["timeout"] ?? "30s", limits);
}
