import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import type {
  CallOptions,
  Claim,
  ClaimId,
  ElectionSnapshot,
  MandateErrorCode,
  Store,
  StoreCapabilities,
  StoreSession,
} from "@mandate/election";
import { hasCode } from "@mandate/election";
import type { ClientPool } from "./client-pool.ts";
import { Watcher } from "./watcher.ts";

/** One promise of the contract, and how it is tried. */
export interface ConformanceCase {
  /** What the store does, as a sentence. */
  readonly name: string;
  /** Whether a store like this promises it. @defaultValue all do */
  readonly applies?: (options: TrialOptions) => boolean;
  /** Rejects when the store does not keep the promise. */
  readonly run: (trial: Trial) => Promise<void>;
}

/** What a {@link Trial} is run on. */
export interface TrialOptions {
  readonly open: () => Promise<Store>;
  /** Where clients come from that a case leaves open. @defaultValue each is opened for it */
  readonly pool?: ClientPool | undefined;
  /** Each client has a process of its own, which ends when the client is closed. */
  readonly acrossProcess?: boolean;
  readonly capabilities: StoreCapabilities;
  readonly expiryLagMs: number;
}

/** Far longer than any case takes: such a session ends by being closed. */
const LONG_TTL_MS = 60_000;

/** Not shorter than this where expiry is tried, so that a busy machine can keep up. */
const SHORT_TTL_MS = 750;

/** One case's view of the store: clients and sessions that end with it, and names of its own. */
export class Trial {
  readonly capabilities: StoreCapabilities;
  /** How late the end of a session may be, in milliseconds. */
  readonly expiryLagMs: number;
  /** A TTL that a case can wait for, in milliseconds. */
  readonly shortTtlMs: number;
  /** The name of an election that nobody else uses. */
  readonly election: string = `conformance-${randomUUID()}`;
  readonly #open: () => Promise<Store>;
  readonly #pool: ClientPool | undefined;
  readonly #ownStores: Store[] = [];
  readonly #pooledStores: Store[] = [];
  readonly #sessions: StoreSession[] = [];
  readonly #watchers: Watcher[] = [];

  private constructor(options: TrialOptions) {
    this.capabilities = options.capabilities;
    this.expiryLagMs = options.expiryLagMs;
    this.shortTtlMs = Math.max(options.capabilities.ttlFloorMs, SHORT_TTL_MS);
    this.#open = options.open;
    this.#pool = options.pool;
  }

  /** Runs a case, and then ends what it opened. */
  static async run(options: TrialOptions, run: (trial: Trial) => Promise<void>): Promise<void> {
    const trial = new Trial(options);
    try {
      await run(trial);
    } catch (error) {
      // Clients may be broken now. What the clean-up finds says less than the failure.
      await trial.#endSessions().catch(() => {});
      await trial.#close([...trial.#ownStores, ...trial.#pooledStores]).catch(() => {});
      throw error;
    }
    await trial.#endSessions();
    await trial.#close(trial.#ownStores);
    for (const store of trial.#pooledStores) trial.#pool?.give(store);
  }

  /** Options of one call: with a deadline that only a broken store reaches. */
  get options(): CallOptions {
    return { signal: AbortSignal.timeout(10_000) };
  }

  /** A client, which the case leaves open. */
  async store(): Promise<Store> {
    if (this.#pool === undefined) return await this.ownStore();
    const store = await this.#pool.take();
    this.#pooledStores.push(store);
    return store;
  }

  /** A client that was opened for this case, which may close it. */
  async ownStore(): Promise<Store> {
    const store = await this.#open();
    this.#ownStores.push(store);
    return store;
  }

  /** Two clients, as two processes have them. */
  async twoStores(): Promise<readonly [Store, Store]> {
    return await Promise.all([this.store(), this.store()]);
  }

  /** Opens a session, with a TTL that the case outruns by far unless it says another. */
  async session(store: Store, ttlMs?: number): Promise<StoreSession> {
    const longMs = Math.max(LONG_TTL_MS, this.capabilities.ttlFloorMs);
    const session = await store.openSession({ ttlMs: ttlMs ?? longMs }, this.options);
    this.#sessions.push(session);
    return session;
  }

  /** Stands in the trial's election. */
  async stand(session: StoreSession, registration = "a candidate"): Promise<Claim> {
    const { claim } = await session.stand({ election: this.election, registration }, this.options);
    return claim;
  }

  /** Reads the trial's election. */
  async read(store: Store): Promise<ElectionSnapshot> {
    return await store.read(this.election, this.options);
  }

  /** Watches an election, by default the trial's. */
  watch(store: Store, election: string = this.election): Watcher {
    const watcher = new Watcher(store, election);
    this.#watchers.push(watcher);
    return watcher;
  }

  async #endSessions(): Promise<void> {
    await Promise.all(this.#watchers.map((watcher) => watcher.stop()));
    // A session may be lost, or its store closed, on purpose: its TTL ends it then.
    await Promise.allSettled(this.#sessions.map((session) => session.close(this.options)));
  }

  async #close(stores: readonly Store[]): Promise<void> {
    await Promise.all(stores.map((store) => store.close()));
  }
}

/** Asserts that `call` rejects with this code. */
export async function refuses(call: Promise<unknown>, code: MandateErrorCode): Promise<void> {
  await assert.rejects(call, (error: unknown) => {
    assert(hasCode(error, code), `expected the code ${code}, not ${String(error)}`);
    return true;
  });
}

/** Waits until the monotonic time `atMs` of `performance.now()`. */
export async function untilMs(atMs: number): Promise<void> {
  for (;;) {
    const leftMs = atMs - performance.now();
    if (leftMs <= 0) return;
    await new Promise((resolve) => setTimeout(resolve, leftMs));
  }
}

/** The ids of claims alone, to be compared without their registrations. */
export function idsOf(claims: readonly ClaimId[]): readonly ClaimId[] {
  return claims.map(({ election, id, term }) => ({ election, id, term }));
}
