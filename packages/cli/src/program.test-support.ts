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
  nextLine(): Promise<string | undefined>;
  /** Resolves when it has ended. */
  result(): Promise<ProgramResult>;
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
  return {
    child,
    async nextLine() {
      const { done, value } = await lines.next();
      return done === true ? undefined : value;
    },
    async result() {
      const [exitCode] = (await closed) as [number | null];
      return { exitCode, stdout, stderr };
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
