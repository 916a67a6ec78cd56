import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

import { onTestFinished } from "vitest";

/** A time in which a process held that it leads, on the machine's monotonic clock. */
export interface Reign {
  readonly term: bigint;
  readonly fromUs: number;
  readonly toUs: number;
}

/** What a contender says. */
export type FromContender =
  | { readonly kind: "done" | "lost" }
  | { readonly kind: "journal"; readonly reigns: readonly Reign[] };

/** A process that uses the store as fast as it can, see `contender.test-program.ts`. */
export class Contender {
  /** Calls that it has made so far. */
  done = 0;
  /** How often its session had run out. */
  lost = 0;
  readonly #child: ChildProcess;
  readonly #journal: Promise<readonly Reign[]>;
  #onMessage: () => void = () => {};

  constructor(directory: string, election: string) {
    const program = fileURLToPath(new URL("contender.test-program.ts", import.meta.url));
    this.#child = fork(program, [directory, election], {
      execArgv: ["--conditions=mandate-source", "--disable-warning=ExperimentalWarning"],
      serialization: "advanced",
    });
    onTestFinished(() => void this.#child.kill("SIGKILL"));
    this.#journal = new Promise((resolve, reject) => {
      this.#child.on("exit", (code) => reject(new Error(`a contender ended with ${code}`)));
      this.#child.on("message", (message: FromContender) => {
        if (message.kind === "journal") resolve(message.reigns);
        if (message.kind === "done") this.done++;
        if (message.kind === "lost") this.lost++;
        this.#onMessage();
      });
    });
    // It is asked for at the end; what fails before that fails what waits then.
    this.#journal.catch(() => {});
  }

  stop(): void {
    this.#child.kill("SIGSTOP");
  }

  continue(): void {
    this.#child.kill("SIGCONT");
  }

  /** Resolves once it has made that many calls more. Rejects when it does not in time. */
  progress(calls: number, deadlineMs: number): Promise<void> {
    const target = this.done + calls;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new Error(`made ${this.done + calls - target} of ${calls} calls in ${deadlineMs} ms`),
        );
      }, deadlineMs);
      this.#onMessage = () => {
        if (this.done < target) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends it, and resolves to when it led. */
  end(): Promise<readonly Reign[]> {
    this.#child.send("end");
    return this.#journal;
  }
}
