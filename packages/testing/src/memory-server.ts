import { strict as assert } from "node:assert";
import type { ClaimId, Clock, Random, StoreCapabilities } from "@mandate/election";
import { MandateError } from "@mandate/election";
import { systemClock, systemRandom } from "@mandate/election/internal";
import { MemoryState } from "./memory-state.ts";
import type {
  OpenedSession,
  SnapshotSink,
  StoreAnswer,
  StoreCallKind,
  StoreCalls,
  StoreConnection,
  StoreRequest,
} from "./store-messages.ts";
import { plainFromError } from "./store-messages.ts";

/** How a {@link MemoryServer} is made. */
export interface MemoryServerOptions {
  /** Where its time comes from. @defaultValue the machine's clock */
  readonly clock?: Clock;
  /** Where its ids come from. @defaultValue the machine's chance */
  readonly random?: Random;
  /** The shortest TTL that it grants, in milliseconds. @defaultValue 100 */
  readonly ttlFloorMs?: number;
}

/** What a {@link MemoryServer} held at one moment; only that server can restore it. */
export interface MemoryBackup {
  /** The store that was backed up, as snapshots name it. */
  readonly storeId: string;
}

/** What answers each kind of request; it throws to refuse. */
type Handlers = {
  readonly [Kind in StoreCallKind]: (
    request: StoreCalls[Kind]["request"],
  ) => StoreCalls[Kind]["reply"];
};

/**
 * A coordination service in memory: sessions with a TTL, claims in queues, terms from one revision
 * that grows with each change. It answers messages, one after another, each as one atomic step.
 * Besides what a store's client can ask of it, a test can do to it what happens to real servers.
 */
export class MemoryServer {
  readonly capabilities: StoreCapabilities;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sinks = new Map<string, Set<SnapshotSink>>();
  readonly #backups = new WeakMap<MemoryBackup, MemoryState>();
  #state: MemoryState;
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined;
  #cut = false;

  readonly #handlers: Handlers = {
    openSession: ({ ttlMs }) => this.#openSession(ttlMs),
    read: ({ election }) => this.#state.snapshot(election),
    writeControl: (request) => this.#state.writeControl(request),
    renew: ({ sessionId }) => this.#state.renew(sessionId, this.#nowMs()),
    claims: ({ sessionId }) => this.#state.claimsOf(sessionId),
    stand: (request) => this.#state.stand(request),
    update: ({ claim, registration }) => this.#state.update(claim, registration),
    withdraw: ({ claim }) => void this.#state.removeClaim(claim),
    closeSession: ({ sessionId }) => void this.#state.endSession(sessionId),
  };

  constructor(options: MemoryServerOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#state = this.#emptyState();
    this.capabilities = {
      contention: "queue",
      ttlFloorMs: options.ttlFloorMs ?? 100,
      sharedSession: true,
      expiry: "servers",
      noticesDeath: false,
    };
  }

  /** Carries out one request, now, and answers it. Never throws: a refusal is an answer. */
  handle<Kind extends StoreCallKind>(request: StoreRequest<Kind>): StoreAnswer<Kind> {
    try {
      if (this.#cut) throw unreachable();
      this.#expireDue();
      return { ok: true, reply: this.#handlers[request.kind](request.body) };
    } catch (error) {
      // Nothing is swallowed: the answer carries it to the client, which throws it.
      return { ok: false, error: plainFromError(error) };
    }
  }

  /** Tells `sink` of an election now and after each change, until what it returns is called. */
  subscribe(election: string, sink: SnapshotSink): () => void {
    if (this.#cut) {
      sink.fail(unreachable());
      return () => {};
    }
    this.#expireDue();
    const sinks = this.#sinks.get(election) ?? new Set<SnapshotSink>();
    this.#sinks.set(election, sinks.add(sink));
    sink.next(this.#state.snapshot(election));
    return () => {
      sinks.delete(sink);
      if (sinks.size === 0 && this.#sinks.get(election) === sinks) this.#sinks.delete(election);
    };
  }

  /** A way for one client to this server, with nothing in between. */
  connect(): StoreConnection {
    return {
      capabilities: this.capabilities,
      exchange: async (request) => this.handle(request),
      subscribe: (election, sink) => this.subscribe(election, sink),
      close: async () => {},
    };
  }

  /** The sessions that live, in the order in which they were opened. */
  get sessionIds(): readonly string[] {
    this.#expireDue();
    return this.#state.sessionIds;
  }

  /** How many subscriptions (watches that somebody reads) there are. */
  get subscriptions(): number {
    let count = 0;
    for (const sinks of this.#sinks.values()) count += sinks.size;
    return count;
  }

  /** Ends a session before its time, as servers do that lost it or were told to. */
  expireSession(sessionId: string): void {
    assert(this.#state.endSession(sessionId), `there is no session ${sessionId} to expire`);
  }

  /** Removes a claim behind its session's back, as an operator can. */
  deleteClaim(claim: ClaimId): void {
    assert(this.#state.removeClaim(claim), `there is no claim of term ${claim.term} to delete`);
  }

  /** Cuts the server off: calls and watches fail with `STORE_UNAVAILABLE`; sessions run out. */
  cut(): void {
    this.#cut = true;
    this.breakWatches();
  }

  /** Ends what {@link MemoryServer.cut} began. */
  heal(): void {
    this.#cut = false;
  }

  /** Ends each watch with `STORE_UNAVAILABLE`, as a lost connection does. Calls still work. */
  breakWatches(): void {
    const sinks = [...this.#sinks.values()].flatMap((each) => [...each]);
    this.#sinks.clear();
    for (const sink of sinks) sink.fail(unreachable());
  }

  /** What it holds now, to be restored later. */
  backup(): MemoryBackup {
    this.#expireDue();
    const backup: MemoryBackup = { storeId: this.#state.storeId };
    this.#backups.set(backup, this.#state.copy());
    return backup;
  }

  /**
   * Goes back to a backup: its revision falls, and terms are given again. The sessions of the
   * backup live again, for their whole TTL; those opened since are gone.
   */
  restore(backup: MemoryBackup): void {
    const state = this.#backups.get(backup)?.copy();
    assert(state !== undefined, "the backup is of another server");
    state.renewAll(this.#nowMs());
    this.#become(state);
  }

  /** Becomes another, empty server: a new store id, terms from the start, no session. */
  replace(): void {
    this.#become(this.#emptyState());
  }

  #become(state: MemoryState): void {
    this.#state = state;
    this.#armTimer();
    for (const election of this.#sinks.keys()) this.#tell(election);
  }

  #emptyState(): MemoryState {
    return new MemoryState(this.#random.uniqueId(), (election) => this.#tell(election));
  }

  #openSession(ttlMs: number): OpenedSession {
    const { ttlFloorMs } = this.capabilities;
    if (!(ttlMs >= ttlFloorMs)) {
      const message = `ttlMs is ${ttlMs}, and this store keeps ${ttlFloorMs} or more: raise it`;
      throw new MandateError(message, { code: "TTL_BELOW_FLOOR", applied: "no" });
    }
    const sessionId = this.#random.uniqueId();
    this.#state.openSession(sessionId, ttlMs, this.#nowMs());
    this.#armTimer();
    return { sessionId, ttlMs };
  }

  #tell(election: string): void {
    const sinks = this.#sinks.get(election);
    if (sinks === undefined) return;
    const snapshot = this.#state.snapshot(election);
    for (const sink of sinks) sink.next(snapshot);
  }

  #nowMs(): number {
    return this.#clock.now().monotonicMs;
  }

  /** Asked before each request as well, since a timer may be late. */
  #expireDue(): void {
    if (this.#timer === undefined || this.#timer.atMs > this.#nowMs()) return;
    this.#state.expire(this.#nowMs());
    this.#armTimer();
  }

  /** One timer, for the session that runs out first. A renewal leaves it: it looks again then. */
  #armTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const atMs = this.#state.firstExpiryMs;
    if (atMs === undefined) return;
    const onTimer = (): void => {
      this.#state.expire(this.#nowMs());
      this.#armTimer();
    };
    const cancel = this.#clock.setTimer(atMs - this.#nowMs(), onTimer, { background: true });
    this.#timer = { atMs, cancel };
  }
}

function unreachable(): MandateError {
  const message = "the store was cut off by its test: heal() ends that";
  return new MandateError(message, { code: "STORE_UNAVAILABLE", applied: "no" });
}
