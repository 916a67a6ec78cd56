import { MandateError } from "@mandate/election";
import { parseCommandLine } from "./command-line.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { commandHelp, programHelp } from "./help.ts";
import { Interruption, listenForInterruptions } from "./interruption.ts";
import { createOutput, type Output } from "./output.ts";
import { packageVersion } from "./package-version.ts";
import { printable } from "./printable.ts";

/** Does what a command line says, then ends the process with the exit code. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  const interruptions = listenForInterruptions();
  const output = createOutput({
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    onReaderGone: interruptions.readerGone,
  });
  const exitCode = await run(args, output, interruptions.signal);
  await output.flush();
  // Not by running dry: a call to a mute store, given up by now, may still hold a connection.
  process.exit(exitCode);
}

async function run(args: readonly string[], output: Output, signal: AbortSignal): Promise<number> {
  let endsBySignal = false;
  // Looked for here too: the line may be one that cannot be parsed.
  const json = args.includes("--json");
  try {
    const line = parseCommandLine(args);
    if (args.length === 0) {
      output.note(programHelp());
      return exitCodes.usage;
    }
    if (line.kind === "help") {
      output.print(line.command === undefined ? programHelp() : commandHelp(line.command));
      return exitCodes.ok;
    }
    if (line.kind === "version") {
      output.print([packageVersion()]);
      return exitCodes.ok;
    }
    endsBySignal = line.command.endsBySignal;
    const command = await line.command.load();
    const { election, values } = line;
    return await command({ election, values, json, output, environment: process.env, signal });
  } catch (error) {
    if (error instanceof Interruption) return endsBySignal ? exitCodes.ok : error.exitCode;
    return reportError(error, { json, output });
  }
}

function reportError(
  error: unknown,
  { json, output }: { readonly json: boolean; readonly output: Output },
): number {
  const known = error instanceof MandateError;
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    output.printJson({ error: { code: known ? error.code : "INTERNAL", message } });
  } else if (known) {
    output.note([`mandate: ${printable(message)}`]);
  } else {
    const stack = error instanceof Error ? (error.stack ?? message) : message;
    output.note(["mandate: an internal failure; please report it with these lines", stack]);
  }
  return known ? exitCodeOf(error.code) : exitCodes.failure;
}
