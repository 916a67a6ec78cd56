import type { CommandContext } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable } from "../printable.ts";
import { withElection } from "../with-election.ts";

/** `mandate pause`: nobody new leads. */
export async function pause(context: CommandContext): Promise<number> {
  await withElection(context, (election) => election.pause());
  return say(context, true);
}

/** `mandate resume`: candidates lead again. */
export async function resume(context: CommandContext): Promise<number> {
  await withElection(context, (election) => election.resume());
  return say(context, false);
}

function say({ election, json, output }: CommandContext, paused: boolean): number {
  const name = printable(election);
  if (json) output.printJson({ election, paused });
  else if (paused) output.print([`${name} is paused: nobody new leads until mandate resume`]);
  else output.print([`${name} is no longer paused`]);
  return exitCodes.ok;
}
