import { parseArgs } from "node:util";
import type { CommandSpec } from "./command.ts";
import { commands } from "./commands.ts";
import { usageError } from "./usage-error.ts";

/** What a command line asks for. */
export type CommandLine =
  | { readonly kind: "help"; readonly command: CommandSpec | undefined }
  | { readonly kind: "version" }
  | {
      readonly kind: "run";
      readonly command: CommandSpec;
      readonly election: string;
      readonly values: Readonly<Record<string, string | undefined>>;
      readonly json: boolean;
    };

/**
 * Reads a command line.
 * @throws `INVALID_OPTIONS`, which says what to type instead
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const [first, ...rest] = args;
  if (first === undefined || first === "help" || first === "--help" || first === "-h") {
    const about = first === "help" ? rest.find((arg) => !arg.startsWith("-")) : undefined;
    return { kind: "help", command: about === undefined ? undefined : findCommand(about) };
  }
  if (first === "--version") return { kind: "version" };
  if (first.startsWith("-")) {
    throw usageError(`the command comes first: mandate COMMAND ${args.join(" ")}`);
  }
  return parseCommand(findCommand(first), rest);
}

function parseCommand(command: CommandSpec, args: readonly string[]): CommandLine {
  const { values, positionals } = parseOptions(command, args);
  if (values["version"] === true) return { kind: "version" };
  if (values["help"] === true) return { kind: "help", command };
  const texts = Object.entries(values).filter((entry): entry is [string, string] => {
    return typeof entry[1] === "string";
  });
  const election = electionOf(command, positionals);
  const json = values["json"] === true;
  return { kind: "run", command, election, values: Object.fromEntries(texts), json };
}

type ParsedOptions = {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
};

function parseOptions(command: CommandSpec, args: readonly string[]): ParsedOptions {
  const specs: CommandSpec["options"] = { ...command.options, version: { help: [] } };
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { value, short }]) => [
      name,
      {
        type: value === undefined ? ("boolean" as const) : ("string" as const),
        multiple: false as const,
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    if (!isArgumentError(error)) throw error;
    // Node's own words name the argument; its advice on `--` concerns nothing here.
    throw usageError(`${error.message.split(". To ")[0]} (see: mandate ${command.name} --help)`);
  }
}

function electionOf(command: CommandSpec, positionals: readonly string[]): string {
  const [election, extra] = command.takesElection ? positionals : ["", ...positionals];
  if (election === undefined) {
    throw usageError(`which election? mandate ${command.name} NAME`);
  }
  if (extra !== undefined) {
    const usage = `mandate ${command.name}${command.takesElection ? " NAME" : ""} [options]`;
    throw usageError(`${JSON.stringify(extra)} is one too many: ${usage}`);
  }
  return election;
}

function findCommand(name: string): CommandSpec {
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = commands.map((command) => command.name).join(", ");
  throw usageError(`there is no command ${JSON.stringify(name)}; there are: ${names}`);
}

function isArgumentError(error: unknown): error is TypeError & { readonly code: string } {
  return (
    error instanceof TypeError &&
    "code" in error &&
    typeof error.code === "string" &&
    error.code.startsWith("ERR_PARSE_ARGS_")
  );
}
