import type { ElectionSnapshot, StoreCapabilities } from "@mandate/election";
import { MandateError } from "@mandate/election";
import type {
  SnapshotSink,
  StoreAnswer,
  StoreCallKind,
  StoreConnection,
  StoreRequest,
} from "@mandate/testing";
import type { Random, Clock } from "@mandate/election";
import { between, chance } from "../world/chance.ts";
import type { Gate } from "../world/gate.ts";
import type { Journal } from "../world/journal.ts";
import type { Link, Network } from "../world/network.ts";
import type { Cluster, MemberAnswer } from "./cluster.ts";

/** The way from one process to one member. */
export interface MemberPath {
  readonly toMember: Link;
  readonly toProcess: Link;
}

/** What watches suffer, each as a probability; 0 turns it off. */
export interface WatchFaults {
  /** A hint never arrives. */
  readonly hintLoss: number;
  /** A watch falls silent for ever, until its progress deadline. */
  readonly silence: number;
}

/** How the client keeps to its recipe; a variant shows what a part of it is worth. */
export interface ClientRecipe {
  /** A renewal counts only with a linearizable read at the same member in the same raft term. */
  readonly provesQuorum: boolean;
  /** Alters a request before it is sent. */
  readonly alter: (
    request: StoreRequest,
    read: (election: string) => ElectionSnapshot,
  ) => StoreRequest;
  /** Alters an answer before it is believed. */
  readonly believe: (request: StoreRequest, answer: StoreAnswer) => StoreAnswer;
  /** Alters the failure of a call: by what it returns it may even turn it into an answer. */
  readonly onFailure: (request: StoreRequest, error: unknown) => StoreAnswer | undefined;
}

/** The recipe as a store's client has to keep to it. */
export const SOUND_RECIPE: ClientRecipe = {
  provesQuorum: true,
  alter: (request) => request,
  believe: (_, answer) => answer,
  onFailure: () => undefined,
};

/** What a {@link ClusterClient} is made of. */
export interface ClusterClientParts {
  readonly process: number;
  readonly world: Clock;
  /** The way into the process, of this incarnation. */
  readonly gate: Gate;
  readonly cluster: Cluster;
  readonly network: Network;
  readonly random: Random;
  readonly journal: Journal;
  readonly paths: readonly MemberPath[];
  readonly watchFaults: () => WatchFaults;
  readonly recipe: ClientRecipe;
  /** A watch without progress is given up after about this time, in milliseconds. */
  readonly progressMs: number;
}

/** After a refused connection the next member is tried so soon. */
const REFUSAL_MS = 2;

/** A store's client in a process: asks one member at a time, and another one when that is mute. */
export class ClusterClient implements StoreConnection {
  readonly capabilities: StoreCapabilities = {
    contention: "queue",
    ttlFloorMs: 100,
    sharedSession: true,
    expiry: "servers",
    noticesDeath: false,
  };
  readonly #parts: ClusterClientParts;
  #endpoint: number;

  constructor(parts: ClusterClientParts) {
    this.#parts = parts;
    this.#endpoint = Math.floor(parts.random.fraction() * parts.paths.length);
  }

  async exchange<Kind extends StoreCallKind>(
    typed: StoreRequest<Kind>,
    signal: AbortSignal,
  ): Promise<StoreAnswer<Kind>> {
    // What belongs together stays together: the answer to a request is of the request's kind.
    const request = typed as StoreRequest;
    const { recipe, cluster } = this.#parts;
    const altered = recipe.alter(request, (election) => cluster.snapshot(election));
    try {
      const answer = recipe.believe(request, await this.#carryOut(altered, signal));
      this.#noteSeen(request, answer);
      return answer;
    } catch (error) {
      const answer = recipe.onFailure(request, error);
      if (answer === undefined) throw error;
      return answer;
    }
  }

  subscribe(election: string, sink: SnapshotSink): () => void {
    const { world, gate, network, cluster, random, watchFaults, progressMs } = this.#parts;
    const index = this.#endpoint;
    const path = this.#path(index);
    const faults = watchFaults();
    let over = false;
    let unwatch = (): void => {};
    const end = (): void => {
      if (over) return;
      over = true;
      cancelDeadline();
      unwatch();
      this.#rotate(index);
      sink.fail(unavailable("the watch ended"));
    };
    const toProcess = (then: () => void): void => {
      network.send(path.toProcess, () => {
        gate.pass("message", () => {
          if (!over) then();
        });
      });
    };
    const silent = chance(random, faults.silence);
    // Without progress a client gives up at its deadline; other watches end by themselves, later.
    const lifeMs = silent ? progressMs : progressMs * between(random, 1, 3);
    const cancelDeadline = world.setTimer(lifeMs, () => {
      gate.pass("timer", end);
    });
    const send = (snapshot: ElectionSnapshot): void => {
      if (silent || chance(random, faults.hintLoss)) return;
      toProcess(() => {
        this.#parts.journal.write({
          kind: "seen",
          process: this.#parts.process,
          source: "watch",
          election,
          snapshot,
        });
        sink.next(snapshot);
      });
    };
    network.send(path.toMember, () => {
      if (over || !gate.alive) return;
      if (!cluster.listens(index)) return toProcess(end);
      unwatch = cluster.watch(index, { election, send, end: () => toProcess(end) });
    });
    return () => {
      over = true;
      cancelDeadline();
      unwatch();
    };
  }

  async close(): Promise<void> {}

  async #carryOut(request: StoreRequest, signal: AbortSignal): Promise<StoreAnswer> {
    if (this.#parts.cluster.mute.has(request.kind)) return await nothing(signal);
    if (request.kind !== "renew") return (await this.#ask(request, signal)).answer;
    const { answer, raftTerm, member } = await this.#ask(request, signal);
    if (!answer.ok || !this.#parts.recipe.provesQuorum) return answer;
    const { sessionId } = request.body;
    const proof = await this.#askMember(member, { kind: "claims", body: { sessionId } }, signal);
    if (!proof.answer.ok) return proof.answer;
    if (proof.raftTerm === raftTerm) return answer;
    throw unavailable("the member that confirmed the keep-alive was deposed");
  }

  /** Asks the current member, or the next ones while connections are refused. */
  async #ask(
    request: StoreRequest,
    signal: AbortSignal,
  ): Promise<MemberAnswer & { readonly member: number }> {
    for (let attempt = 1; ; attempt++) {
      const member = this.#endpoint;
      try {
        return { ...(await this.#askMember(member, request, signal)), member };
      } catch (error) {
        this.#rotate(member);
        const refused = error instanceof MandateError && error.applied === "no";
        if (signal.aborted || !refused || attempt >= this.#parts.paths.length) throw error;
      }
    }
  }

  #askMember(index: number, request: StoreRequest, signal: AbortSignal): Promise<MemberAnswer> {
    const { world, gate, network, cluster } = this.#parts;
    const path = this.#path(index);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#rotate(index);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort);
      const settle = (then: () => void): void => {
        gate.pass("message", () => {
          signal.removeEventListener("abort", onAbort);
          then();
        });
      };
      if (!gate.alive) return;
      if (!cluster.listens(index)) {
        world.setTimer(REFUSAL_MS, () => settle(() => reject(unavailable("refused", "no"))));
        return;
      }
      network.send(path.toMember, () => {
        cluster.request(index, request, (answer) => {
          network.send(path.toProcess, () => settle(() => resolve(answer)));
        });
      });
    });
  }

  #noteSeen(request: StoreRequest, answer: StoreAnswer): void {
    if (!answer.ok || typeof answer.reply !== "object") return;
    if (request.kind !== "read" && request.kind !== "stand") return;
    const { reply } = answer;
    const snapshot = "snapshot" in reply ? reply.snapshot : "revision" in reply ? reply : undefined;
    if (snapshot === undefined) return;
    const { process, journal } = this.#parts;
    const { election } = request.body;
    journal.write({ kind: "seen", process, source: "answer", election, snapshot });
  }

  #rotate(from: number): void {
    if (this.#endpoint === from) this.#endpoint = (from + 1) % this.#parts.paths.length;
  }

  #path(index: number): MemberPath {
    const path = this.#parts.paths[index];
    if (path === undefined) throw new Error(`there is no way to member ${index}`);
    return path;
  }
}

function unavailable(message: string, applied: "no" | "unknown" = "unknown"): MandateError {
  return new MandateError(message, { code: "STORE_UNAVAILABLE", applied });
}

/** Rejects when the signal aborts. */
function nothing(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
