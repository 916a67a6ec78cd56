import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { DemoFolder } from "./demo-folder.ts";
import { monotonicMs } from "./monotonic.ts";

/** A process that belongs to the demo, and does not outlive it. */
export interface Child {
  readonly running: boolean;
  /** Settles when it has ended. */
  readonly ended: Promise<void>;
  /**
   * SIGKILL. Returns the time when the kernel had taken it on the shared monotonic clock, in
   * milliseconds: from then on the process runs no more of its code.
   */
  kill(): number;
  /** SIGSTOP. Returns the time when the kernel had taken it. */
  stop(): number;
  /** SIGCONT. */
  continue(): void;
  /** The last lines of what it has said. */
  logTail(): string;
}

/** A child that runs a program of ours. */
export interface NodeChild<ToChild> extends Child {
  send(message: ToChild): void;
}

/** How to start a child. */
export interface ChildOptions {
  readonly name: string;
  readonly folder: DemoFolder;
}

/** Starts the program `processes/PROGRAM` of this folder, and listens to it. */
export function startNodeChild<ToChild extends object, FromChild>(
  program: string,
  { name, folder, onMessage }: ChildOptions & { readonly onMessage: (message: FromChild) => void },
): NodeChild<ToChild> {
  // Beside this file, and of the same kind: TypeScript in the repository, JavaScript in a package.
  const file = join(import.meta.dirname, "processes", program + extname(import.meta.filename));
  const logFile = join(folder.path, `${name}.log`);
  const child = withLog(logFile, (log) =>
    fork(file, [], {
      detached: true,
      env: { ...process.env, ...folder.marker },
      // SQLite is marked as experimental in some versions of Node.js; that is no news for anybody.
      execArgv: [...process.execArgv, "--disable-warning=ExperimentalWarning"],
      serialization: "advanced",
      stdio: ["ignore", log, log, "ipc"],
    }),
  );
  child.on("message", (message) => onMessage(message as FromChild));
  return {
    ...childOf(child, logFile),
    send(message) {
      // A child that is gone is noticed by its end, not here.
      if (child.connected) child.send(message, () => undefined);
    },
  };
}

/** Starts another program, such as a server. Rejects when it cannot be run. */
export async function startProgram(
  { program, args }: { readonly program: string; readonly args: readonly string[] },
  { name, folder }: ChildOptions,
): Promise<Child> {
  const logFile = join(folder.path, `${name}.log`);
  const { PATH, HOME } = process.env;
  const child = withLog(logFile, (log) =>
    spawn(program, args, {
      cwd: folder.path,
      detached: true,
      // A user's own settings for the same program (ETCD_…) are not for this one.
      env: {
        ...(PATH === undefined ? {} : { PATH }),
        ...(HOME === undefined ? {} : { HOME }),
        ...folder.marker,
      },
      stdio: ["ignore", log, log],
    }),
  );
  await once(child, "spawn");
  return childOf(child, logFile);
}

// Children are detached, in sessions of their own: Ctrl-C at the terminal reaches the demo alone,
// which then ends them in order.
function childOf(child: ChildProcess, logFile: string): Omit<NodeChild<never>, "send"> {
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const ended = once(child, "exit").then(() => undefined);
  ended.catch(() => undefined); // a failed start is reported where it is started
  const signal = (name: NodeJS.Signals): number => {
    child.kill(name);
    return monotonicMs();
  };
  return {
    get running() {
      return isRunning();
    },
    ended,
    kill: () => signal("SIGKILL"),
    stop: () => signal("SIGSTOP"),
    continue: () => void signal("SIGCONT"),
    logTail: () => readTail(logFile),
  };
}

function withLog(file: string, start: (log: number) => ChildProcess): ChildProcess {
  const log = openSync(file, "a", 0o600);
  try {
    return start(log);
  } finally {
    closeSync(log);
  }
}

function readTail(file: string, lines = 10): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
}
