import type { CommandContext } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { observedLine, statusJson } from "../status-text.ts";
import { withElection } from "../with-election.ts";

/** `mandate observe`: one line, or one JSON object, for each state of the election. */
export async function observe(context: CommandContext): Promise<number> {
  const { json, output, signal } = context;
  await withElection(context, async (election) => {
    for await (const status of election.observe({ signal })) {
      const at = new Date().toISOString();
      if (json) output.printJson({ at, ...statusJson(status) });
      else output.print([observedLine(at, status, output.paint)]);
    }
  });
  return exitCodes.ok;
}
