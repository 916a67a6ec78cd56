import type { CommandContext } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { statusJson, statusLines } from "../status-text.ts";
import { withElection } from "../with-election.ts";

/** `mandate status`: the election as it is. */
export async function status(context: CommandContext): Promise<number> {
  const { json, output } = context;
  const found = await withElection(context, (election) => election.status());
  if (json) output.printJson(statusJson(found));
  else output.print(statusLines(found, output.paint));
  return exitCodes.ok;
}
