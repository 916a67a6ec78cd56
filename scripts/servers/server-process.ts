import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";

import type { ServerFolder } from "./server-folder.ts";

/** What to run as a server. */
export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /**
   * The whole environment but for `PATH` and `HOME`: a user's own settings must not change a test.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** Where standard output and error go; appended to, so that a restart keeps what was there. */
  readonly logFile: string;
  /** The user to run as, where that is not ours. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/** A running server that dies with this process. */
export interface ServerProcess {
  readonly pid: number;
  readonly running: boolean;
  /** Settles when the process has ended. */
  readonly exited: Promise<void>;
  /** Sends a signal; does nothing once the process has ended. */
  signal(name: NodeJS.Signals): void;
}

/** Starts a server inside its folder. Throws when the program cannot be run. */
export async function startServerProcess(
  folder: ServerFolder,
  command: ServerCommand,
): Promise<ServerProcess> {
  const log = openSync(command.logFile, "a");
  let child: ChildProcess;
  try {
    child = spawn(command.program, command.args, {
      cwd: folder.path,
      // A session of its own: Ctrl-C at the terminal must leave it to us to end the servers in
      // order.
      detached: true,
      env: { ...basicEnvironment(), ...command.env, ...folder.marker },
      stdio: ["ignore", log, log],
      ...command.user,
    });
  } finally {
    closeSync(log);
  }
  const exited = once(child, "exit").then(() => undefined);
  exited.catch(() => undefined); // a failed spawn is reported below, to the caller
  await once(child, "spawn");
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command.program} has no process id`);
  return {
    pid,
    exited,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    signal(name) {
      child.kill(name);
    },
  };
}

/** The last lines of a log, for the message of an error; the empty string if there is none. */
export async function readLogTail(logFile: string, lines = 15): Promise<string> {
  try {
    return (await readFile(logFile, "utf8")).trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return ""; // a server that never wrote has no log, and the caller has the real error
  }
}

function basicEnvironment(): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: process.env["HOME"] ?? "/",
  };
}
