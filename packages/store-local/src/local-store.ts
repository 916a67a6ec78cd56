import { MandateError } from "@mandate/election";
import type {
  CallOptions,
  ElectionSnapshot,
  OpenSessionRequest,
  Store,
  StoreCapabilities,
  StoreSession,
  WriteControlRequest,
} from "@mandate/election";

import { abortable } from "./abortable.ts";
import { watchElection } from "./election/election-watch.ts";
import { LocalSession } from "./local-session.ts";
import type { Machine } from "./machine/machine.ts";
import { OpenedStore } from "./opened-store.ts";
import { isStillThere, openStoreFolder, sweepTemporary } from "./folder/store-folder.ts";
import { translate } from "./store-error.ts";

/**
 * At this TTL the default timings still leave room to try a renewal that failed once more. What
 * eats that room is the disk: a rename waits while others' changes are being written.
 */
const TTL_FLOOR_MS = 1_500;
const MAX_TTL_MS = 86_400_000;
/** Without a hint a watch looks this often, and more seldom when there are many. */
const PATIENCE_MS = 1_000;
const PATIENCE_WITHOUT_HINTS_MS = 100;
const PATIENCE_PER_WATCH_MS = 5;

/** The store in a folder of this machine. */
export class LocalStore implements Store {
  readonly capabilities: StoreCapabilities = {
    contention: "queue",
    ttlFloorMs: TTL_FLOOR_MS,
    sharedSession: true,
    expiry: "observers",
    noticesDeath: true,
  };
  readonly #path: string;
  readonly #machine: Machine;
  readonly #sessions = new Set<LocalSession>();
  readonly #stop = new AbortController();
  #opened: Promise<OpenedStore> | undefined;
  #watches = 0;

  private constructor(path: string, machine: Machine) {
    this.#path = path;
    this.#machine = machine;
  }

  /**
   * Opens the store in a folder, which is made if need be.
   * @throws `STORE_UNSUITABLE`, `ACCESS_DENIED`, `FORMAT_UNSUPPORTED`, `STORE_UNAVAILABLE`
   */
  static async open(path: string, machine: Machine): Promise<LocalStore> {
    const store = new LocalStore(path, machine);
    try {
      await store.#current();
    } catch (error) {
      throw translate(error, `opening the store in ${path}`);
    }
    return store;
  }

  openSession({ ttlMs }: OpenSessionRequest, options: CallOptions): Promise<StoreSession> {
    return this.#call("opening a session", options, async () => {
      checkTtl(ttlMs);
      return this.#openSession(ttlMs, options.signal);
    });
  }

  read(election: string, options: CallOptions): Promise<ElectionSnapshot> {
    return this.#call(`reading "${election}"`, options, async () => {
      const opened = await this.#current();
      return (await opened.reader(election).read()).snapshot;
    });
  }

  async *watch(election: string, options: CallOptions): AsyncGenerator<ElectionSnapshot> {
    this.#assertOpen();
    const signal = AbortSignal.any([options.signal, this.#stop.signal]);
    signal.throwIfAborted();
    this.#watches += 1;
    try {
      const opened = await this.#current();
      yield* watchElection({
        folder: opened.folder,
        monitor: opened.monitor,
        reader: opened.reader(election),
        patienceMs: (hinted) =>
          Math.max(
            hinted ? PATIENCE_MS : PATIENCE_WITHOUT_HINTS_MS,
            this.#watches * PATIENCE_PER_WATCH_MS,
          ),
        signal,
      });
    } catch (error) {
      throw await this.#explain(error, `watching "${election}"`);
    } finally {
      this.#watches -= 1;
    }
  }

  writeControl(request: WriteControlRequest, options: CallOptions): Promise<boolean> {
    const { election, expectedVersion, text } = request;
    return this.#call(`writing the control record of "${election}"`, options, async () => {
      const expected = expectedVersion === undefined ? undefined : Number(expectedVersion);
      const reader = (await this.#current()).reader(election);
      const won = await reader.files.writeControl(text, expected);
      if (won) await reader.tidy(await reader.read());
      return won;
    });
  }

  close(): Promise<void> {
    this.#stop.abort(closed());
    for (const session of this.#sessions) session.abandon();
    this.#sessions.clear();
    return Promise.resolve();
  }

  async #openSession(ttlMs: number, signal: AbortSignal): Promise<StoreSession> {
    const opened = await this.#current();
    await opened.foreign.outlive(signal);
    await opened.sessions.sweep();
    await sweepTemporary(opened.folder, this.#machine);
    const session = await LocalSession.open(
      {
        sessions: opened.sessions,
        machine: this.#machine,
        reader: (election) => opened.reader(election),
        forget: (one) => this.#sessions.delete(one),
        call: (doing, options, work) => this.#call(doing, options, work),
      },
      ttlMs,
    );
    try {
      // One that came meanwhile: of two that open at once, each sees the other here.
      await opened.foreign.refuse();
      // Nobody may be waiting for it any more.
      signal.throwIfAborted();
      this.#assertOpen();
    } catch (error) {
      await session.end();
      throw error;
    }
    this.#sessions.add(session);
    return session;
  }

  /** The folder, opened when it is first used, and again once it was removed. */
  #current(): Promise<OpenedStore> {
    this.#opened ??= openStoreFolder(this.#path, this.#machine).then(
      (folder) => new OpenedStore(folder, this.#machine),
    );
    return this.#opened;
  }

  async #call<T>(doing: string, { signal }: CallOptions, work: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    signal.throwIfAborted();
    try {
      return await abortable(work(), signal);
    } catch (error) {
      throw signal.aborted && error === signal.reason ? error : await this.#explain(error, doing);
    }
  }

  async #explain(error: unknown, doing: string): Promise<unknown> {
    const opened = this.#opened;
    const there = await opened?.then(({ folder }) => isStillThere(folder)).catch(() => false);
    if (there === false && this.#opened === opened) this.#opened = undefined;
    return translate(error, doing);
  }

  #assertOpen(): void {
    if (this.#stop.signal.aborted) throw closed();
  }
}

function checkTtl(ttlMs: number): void {
  if (!Number.isFinite(ttlMs) || ttlMs > MAX_TTL_MS) {
    throw new MandateError(`ttlMs is ${ttlMs}: give a number up to ${MAX_TTL_MS}`, {
      code: "INVALID_OPTIONS",
      applied: "no",
    });
  }
  if (ttlMs >= TTL_FLOOR_MS) return;
  throw new MandateError(
    `ttlMs is ${ttlMs}, and the local store keeps a session for ${TTL_FLOOR_MS} at the least`,
    { code: "TTL_BELOW_FLOOR", applied: "no" },
  );
}

function closed(): MandateError {
  return new MandateError("the store was closed: open it again", {
    code: "CLOSED",
    applied: "no",
  });
}
