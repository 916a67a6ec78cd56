import type { CommandContext } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { historyJson, historyLines } from "../history-text.ts";
import { withElection } from "../with-election.ts";

/** `mandate history`: the last terms. */
export async function history(context: CommandContext): Promise<number> {
  const { election: name, json, output } = context;
  const terms = await withElection(context, (election) => election.history());
  if (json) output.printJson(historyJson(name, terms));
  else output.print(historyLines(name, terms));
  return exitCodes.ok;
}
