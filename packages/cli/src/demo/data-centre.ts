import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MandateError } from "@mandate/election";
import { type Journal, parseJournal } from "./audit/journal.ts";
import { type NodeChild, startNodeChild } from "./child.ts";
import type { DemoFolder } from "./demo-folder.ts";
import type {
  DataCentreMessage,
  DataCentreOrders,
  DataCentreSettings,
} from "./processes/messages.ts";
import { monotonicMs } from "./monotonic.ts";

/** What a {@link DataCentre} is made with. */
export interface DataCentreOptions {
  readonly settings: Omit<DataCentreSettings, "journalFile">;
  readonly folder: DemoFolder;
  readonly onMessage: (message: DataCentreMessage) => void;
  /** Called when it ends and was not told to. */
  readonly onCrash: (error: Error) => void;
}

interface Run {
  readonly child: NodeChild<DataCentreOrders>;
  readonly journalFile: string;
  diedAtMs: number | undefined;
  /** Its end is wanted. */
  ending: boolean;
}

const startTimeoutMs = 30_000;
const closeTimeoutMs = 3_000;

/** A data centre: a process that can be killed, stopped and started again. */
export class DataCentre {
  readonly id: string;
  readonly region: string;
  readonly #options: DataCentreOptions;
  readonly #runs: Run[] = [];

  constructor(options: DataCentreOptions) {
    this.id = options.settings.candidateId;
    this.region = options.settings.region;
    this.#options = options;
  }

  /**
   * Starts it, or starts it again; resolves when it takes requests.
   * @throws the `MandateError` that it ended with, or `TIMEOUT`
   */
  async start(): Promise<void> {
    const { settings, folder, onMessage } = this.#options;
    const journalFile = join(folder.path, `${this.id}-${this.#runs.length + 1}.ndjson`);
    const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
    const child = startNodeChild<DataCentreOrders, DataCentreMessage>("data-centre-process", {
      name: this.id,
      folder,
      onMessage: (message) => {
        if (message.kind === "listening") resolve();
        if (message.kind === "failed") reject(failure(message));
        onMessage(message);
      },
    });
    const run: Run = { child, journalFile, diedAtMs: undefined, ending: false };
    this.#runs.push(run);
    child.send({ kind: "start", ...settings, journalFile });
    void child.ended.then(() => {
      run.diedAtMs ??= monotonicMs();
      const error = new Error(`the data centre ${this.id} ended:\n${child.logTail()}`);
      reject(error);
      if (!run.ending) this.#options.onCrash(error);
    });
    const late = setTimeout(() => {
      reject(
        new MandateError(`${this.id} did not start in ${startTimeoutMs} ms`, { code: "TIMEOUT" }),
      );
    }, startTimeoutMs);
    try {
      await listening;
    } finally {
      clearTimeout(late);
    }
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    const run = this.#last();
    if (run === undefined) return;
    run.ending = true;
    if (run.child.running) run.diedAtMs = run.child.kill();
    await run.child.ended;
  }

  /** SIGSTOP. */
  stop(): void {
    this.#last()?.child.stop();
  }

  /** SIGCONT. */
  continue(): void {
    this.#last()?.child.continue();
  }

  /** Lets it end in order, or kills it when that takes too long. */
  async close(): Promise<void> {
    const run = this.#last();
    if (run === undefined || !run.child.running) return;
    run.ending = true;
    run.child.continue();
    run.child.send({ kind: "close" });
    const late = setTimeout(() => void this.kill(), closeTimeoutMs);
    await run.child.ended;
    clearTimeout(late);
  }

  /** What its runs have noted down. Read it when it has ended. */
  journals(): readonly Journal[] {
    return this.#runs.map(({ journalFile, diedAtMs }) => ({
      candidateId: this.id,
      diedAtMs,
      entries: parseJournal(readJournal(journalFile)),
    }));
  }

  #last(): Run | undefined {
    return this.#runs.at(-1);
  }
}

function failure({ code, message }: DataCentreMessage & { readonly kind: "failed" }): Error {
  return code === undefined ? new Error(message) : new MandateError(message, { code });
}

function readJournal(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    // A process that died before it came to its journal has held no mandate.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
