import { spawn } from "node:child_process";

/** A command that ends by itself. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The command is killed, and the call fails, after this many milliseconds. */
  readonly timeoutMs: number;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/** Runs a command and returns its standard output. Throws, with what it printed, if it fails. */
export async function runCommand(command: Command): Promise<string> {
  const { program, args, timeoutMs } = command;
  const what = [program, ...args].join(" ");
  const child = spawn(program, args, {
    cwd: command.cwd,
    env: { ...process.env, ...command.env },
    stdio: ["ignore", "pipe", "pipe"],
    ...command.user,
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const outcome = Promise.withResolvers<number | NodeJS.Signals | null>();
  child.on("error", (cause) => {
    outcome.reject(new Error(`cannot run ${what}: ${cause.message}`, { cause }));
  });
  child.on("close", (code, signal) => outcome.resolve(code ?? signal));
  const timer = setTimeout(() => {
    child.kill("SIGKILL");
    // A grandchild may keep the pipes open for longer than the command lives.
    outcome.reject(new Error(`${what}: no end after ${timeoutMs} ms\n${tail(errors)}`));
  }, timeoutMs);
  try {
    const code = await outcome.promise;
    if (code !== 0) throw new Error(`${what}: failed (${code})\n${tail(errors || output)}`);
    return output;
  } finally {
    clearTimeout(timer);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

function tail(text: string): string {
  return text.trimEnd().split("\n").slice(-20).join("\n");
}
