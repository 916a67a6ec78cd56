import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  ELECTION_CHANNEL,
  MandateError,
  openSession,
  type ElectionEvent,
  type Session,
  type SessionOptions,
  type SessionParts,
} from "@mandate/election";
import {
  MemoryServer,
  SeededRandom,
  StoreClient,
  VirtualClock,
  type StoreCallKind,
  type StoreConnection,
  type StoreRequest,
} from "@mandate/testing";

/** What becomes of a request: it passes, it or its answer is lost, or the test decides. */
export type Fate = "pass" | "lose-request" | "lose-answer" | (() => Promise<void>);

/** One store in memory, any number of processes, one virtual clock. */
export class World {
  readonly clock = new VirtualClock();
  readonly server = new MemoryServer({ clock: this.clock, random: new SeededRandom(1) });
  readonly events: ElectionEvent[] = [];
  /** The calls that reached the way to the server, in order: `stand a`, `renew b`, … */
  readonly calls: string[] = [];
  fate: (request: StoreRequest, candidateId: string) => Fate = () => "pass";
  readonly #note = (event: unknown): void => void this.events.push(event as ElectionEvent);

  constructor() {
    subscribe(ELECTION_CHANNEL, this.#note);
  }

  stop(): void {
    unsubscribe(ELECTION_CHANNEL, this.#note);
  }

  store(candidateId: string): StoreClient {
    return new StoreClient(this.#connection(candidateId));
  }

  open(id: string, options: SessionOptions = {}, parts: SessionParts = {}): Promise<Session> {
    const random = new SeededRandom(id.charCodeAt(0));
    return openSession(
      this.store(id),
      { ttlMs: 2_000, ...options, candidate: { id, ...options.candidate } },
      { clock: this.clock, random, ...parts },
    );
  }

  /** The events of one type, so far. */
  of<T extends ElectionEvent["type"]>(
    type: T,
  ): readonly Extract<ElectionEvent, { readonly type: T }>[] {
    return this.events.filter(
      (event): event is Extract<ElectionEvent, { readonly type: T }> => event.type === type,
    );
  }

  /** Runs the clock until `promise` settles, and returns what it resolves to. */
  async settle<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    watched.catch(() => {
      // The caller gets the failure from the promise itself, below.
    });
    await this.clock.runUntil(() => settled, { limitMs });
    return await promise;
  }

  #connection(candidateId: string): StoreConnection {
    const direct = this.server.connect();
    return {
      ...direct,
      exchange: async (request, signal) => {
        this.calls.push(`${request.kind} ${candidateId}`);
        // A request of some kind is a request; the compiler cannot tell through the type parameter.
        const fate = this.fate(request as unknown as StoreRequest, candidateId);
        if (fate === "lose-request") return await lost(signal);
        const answer = await direct.exchange(request, signal);
        if (fate === "lose-answer") return await lost(signal);
        if (typeof fate === "function") await fate();
        return answer;
      },
    };
  }
}

/** Never answers; ends when the caller's deadline does. */
function lost(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** A fate for some kinds of calls of some candidates; everything else passes. */
export function fateOf(
  fate: Fate,
  { kinds, of }: { readonly kinds?: readonly StoreCallKind[]; readonly of?: string },
): World["fate"] {
  return ({ kind }, candidateId) =>
    (kinds?.includes(kind) ?? true) && (of ?? candidateId) === candidateId ? fate : "pass";
}

/** The store's server is there, and refuses. */
export function refusal(): MandateError {
  return new MandateError("the store refuses", { code: "STORE_UNAVAILABLE" });
}

/** Resolves when the signal aborts: work that does nothing but lead. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
