import type { Output } from "./output.ts";

/** An option of a command, as its help shows it. */
export interface OptionSpec {
  /** What its value is called, such as `URL`; without it, the option takes none. */
  readonly value?: string;
  readonly short?: string;
  /** One or more lines. */
  readonly help: readonly string[];
}

/** A command as the command line and the help see it. */
export interface CommandSpec {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Whether it is about an election, which is named after the command. */
  readonly takesElection: boolean;
  /** What it does, in full lines. */
  readonly details: readonly string[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly examples: readonly (readonly [command: string, explanation: string])[];
  /** SIGINT and SIGTERM are how it is meant to end, so they are no failure. */
  readonly endsBySignal: boolean;
  /** Loads the code, which no other command needs. */
  readonly load: () => Promise<Command>;
}

/** Does what the command is for, and resolves to the exit code. */
export type Command = (context: CommandContext) => Promise<number>;

/** What a command is given. */
export interface CommandContext {
  /** The election's name; the empty string for a command that takes none. */
  readonly election: string;
  /** The options with a value that were given, by their names without `--`. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** The answer is to be JSON. */
  readonly json: boolean;
  readonly output: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborts when the program is told to end. */
  readonly signal: AbortSignal;
}
