import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import type { CaseAnswer, CaseRequest, Measurement } from "./case.ts";

/** Which cases, and with which settings. */
export interface CasesOptions<Name extends string, Settings> {
  /** A module that exports `cases`. */
  readonly module: string;
  readonly names: readonly Name[];
  readonly settings: Settings;
  /** Options of Node.js for their processes, beside our own. @defaultValue [] */
  readonly nodeOptions?: readonly string[];
}

/** What measures each case once. */
export type Measures<Name extends string> = Readonly<Record<Name, () => Promise<Measurement>>>;

/** How long a case may take to open, to measure once or to close, in milliseconds. */
const deadlineMs = 120_000;
/** How long its process may take to exit, in milliseconds. */
const exitMs = 5_000;

/**
 * Opens cases, each in a process of its own, for as long as `use` runs. The processes end with this
 * one in any case.
 * @throws what a case or `use` threw
 */
export async function withCases<Name extends string, Settings, Result>(
  { module, names, settings, nodeOptions = [] }: CasesOptions<Name, Settings>,
  use: (measures: Measures<Name>) => Promise<Result>,
): Promise<Result> {
  const processes: CaseProcess[] = [];
  try {
    const measures: Partial<Record<Name, () => Promise<Measurement>>> = {};
    for (const name of names) {
      const process = new CaseProcess(module, { name, nodeOptions });
      processes.push(process);
      await process.ask({ do: "open", settings });
      measures[name] = () => process.ask({ do: "measure" });
    }
    return await use(measures as Measures<Name>);
  } finally {
    for (const process of processes) await process.close();
  }
}

class CaseProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #failed = false;

  constructor(
    module: string,
    options: { readonly name: string; readonly nodeOptions: readonly string[] },
  ) {
    this.#name = options.name;
    const program = fileURLToPath(new URL("./case-program.ts", import.meta.url));
    this.#child = fork(program, [module, options.name], {
      execArgv: [...process.execArgv, ...options.nodeOptions],
      // Standard output is for the rows.
      stdio: ["ignore", 2, 2, "ipc"],
    });
    this.#exited = once(this.#child, "exit");
  }

  async ask(request: CaseRequest): Promise<Measurement> {
    try {
      return await this.#answer(request);
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  async close(): Promise<void> {
    try {
      if (!this.#failed) await this.ask({ do: "close" });
    } finally {
      // It exits when it finds that nobody is there any more, and is not waited for for long.
      if (this.#child.connected) this.#child.disconnect();
      const timer = setTimeout(() => this.#child.kill("SIGKILL"), exitMs);
      await this.#exited;
      clearTimeout(timer);
    }
  }

  #answer(request: CaseRequest): Promise<Measurement> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        child.off("message", answered);
        child.off("exit", exited);
        end();
      };
      const fail = (reason: string): void => {
        const message = `the case ${this.#name} failed to ${request.do}: ${reason}`;
        settle(() => reject(new Error(message)));
      };
      const answered = (message: unknown): void => {
        const answer = message as CaseAnswer;
        if ("failure" in answer) fail(answer.failure);
        else settle(() => resolve(answer.measurement));
      };
      const exited = (): void => fail("its process ended");
      const timer = setTimeout(() => fail(`no answer in ${deadlineMs} ms`), deadlineMs);
      child.on("message", answered);
      child.on("exit", exited);
      child.send(request);
    });
  }
}
