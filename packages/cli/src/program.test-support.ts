import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What a run of the program came to. */
export interface ProgramResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the real program, in a process of its own, from source. */
export interface ProgramRun {
  readonly child: ChildProcess;
  /** The next line of standard output; undefined at its end. */
  readonly nextLine: () => Promise<string | undefined>;
  /** Resolves when standard output or error has said it; rejects when they end without. */
  readonly said: (pattern: RegExp) => Promise<void>;
  /** Resolves when it has ended. */
  readonly result: () => Promise<ProgramResult>;
}

const program = [
  "--conditions=mandate-source",
  // Node.js 22 warns that it runs TypeScript, which the published program is not.
  "--disable-warning=ExperimentalWarning",
  join(import.meta.dirname, "main.ts"),
];

/** Starts `mandate ARGS`, with nothing of the environment that it heeds but what is given. */
export function startMandate(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ProgramRun {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, [...program, ...args], {
    env: { PATH, HOME, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += String(text)));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += String(text)));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = once(child, "close");
  const result = async (): Promise<ProgramResult> => {
    const [exitCode] = (await closed) as [number | null];
    return { exitCode, stdout, stderr };
  };
  return {
    child,
    result,
    async nextLine() {
      const { done, value } = await lines.next();
      return done === true ? undefined : value;
    },
    async said(pattern) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => {
        if (pattern.test(stdout) || pattern.test(stderr)) resolve();
      };
      look();
      child.stdout.on("data", look);
      child.stderr.on("data", look);
      const ended = result().then((got) => {
        throw new Error(`it ended without ${String(pattern)}: ${JSON.stringify(got)}`);
      });
      await Promise.race([promise, ended]);
      ended.catch(() => undefined); // later it may end, of course
    },
  };
}

/** Runs `mandate ARGS` to its end. */
export function mandate(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  return startMandate(args, environment).result();
}
