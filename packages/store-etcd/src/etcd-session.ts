import { MandateError } from "@mandate/election";
import type {
  CallOptions,
  Claim,
  ClaimId,
  StandRequest,
  StandResult,
  StoreSession,
  UpdateRequest,
} from "@mandate/election";

import { methods } from "./client/methods.ts";
import { isLeaseNotFound, RpcFailure } from "./client/rpc-failure.ts";
import type { EtcdCalls } from "./etcd-calls.ts";
import type { KeyLayout } from "./keys.ts";
import { createdAt, deleteOp, putOp, rangeOp, transaction } from "./operations.ts";
import { answeredRange, claimOf } from "./view.ts";
import type { ViewReader } from "./view-reader.ts";

/** How an {@link EtcdSession} is made. */
export interface EtcdSessionOptions {
  readonly calls: EtcdCalls;
  readonly layout: KeyLayout;
  readonly views: ViewReader;
  readonly lease: bigint;
  readonly ttlMs: number;
}

/** etcd refuses a transaction with more than 128 operations by default. */
const maxOperations = 64;

/** A session: one lease, with a key of its own and any number of claims. */
export class EtcdSession implements StoreSession {
  readonly id: string;
  readonly ttlMs: number;
  readonly #calls: EtcdCalls;
  readonly #layout: KeyLayout;
  readonly #views: ViewReader;
  readonly #lease: bigint;
  /** Elections in which this session may have a claim. */
  readonly #elections = new Map<string, Stands>();
  #closed = false;

  constructor(options: EtcdSessionOptions) {
    this.id = sessionIdOf(options.lease);
    this.ttlMs = options.ttlMs;
    this.#calls = options.calls;
    this.#layout = options.layout;
    this.#views = options.views;
    this.#lease = options.lease;
  }

  async renew({ signal }: CallOptions): Promise<void> {
    this.#refuseWhenClosed();
    const call = { doing: "renew the session", signal, retry: "always" } as const;
    const sessionKey = this.#layout.session(this.id);
    const known = await this.#calls.run(call, async (attempt) => {
      const renewed = await attempt.call(methods.keepAlive, { id: this.#lease });
      // A member that was deposed or is cut off confirms renewals by itself, and says the leader's
      // term that it still believes in. That term is the one of a quorum only if the same member,
      // after that, serves a linearizable read in it.
      const proof = await attempt.call(methods.range, sessionKey);
      if (proof.kvs.length === 0) return false;
      const sameTerm = renewed.header?.raftTerm === proof.header?.raftTerm;
      if (renewed.ttl > 0n && renewed.header !== undefined && sameTerm) return true;
      throw new RpcFailure(
        sameTerm
          ? "the renewal was refused although the session is there"
          : "etcd's leader changed between the renewal and its proof",
        { kind: "unproven", applied: "unknown" },
      );
    });
    if (!known) throw this.#gone();
  }

  async claims({ signal }: CallOptions): Promise<readonly Claim[]> {
    this.#refuseWhenClosed();
    const call = { doing: "list the session's claims", signal, retry: "always" } as const;
    const elections = [...this.#elections];
    const claims: Claim[] = [];
    for (let start = 0; start < elections.length; start += maxOperations) {
      const some = elections.slice(start, start + maxOperations);
      const reads = some.map(([election]) => rangeOp(this.#layout.claim(election, this.id)));
      const answer = await this.#calls.txn(call, transaction({ success: reads }));
      for (const [place, [election, stands]] of some.entries()) {
        const [kv] = answeredRange(answer, place);
        if (kv === undefined) this.#forget(election, stands);
        else claims.push(claimOf(election, this.id, kv));
      }
    }
    return claims;
  }

  async stand(request: StandRequest, { signal }: CallOptions): Promise<StandResult> {
    this.#refuseWhenClosed();
    const { election, registration } = request;
    const call = { doing: `stand in "${election}"`, signal, retry: "not-applied" } as const;
    const key = this.#layout.claim(election, this.id);
    const reading = this.#views.reading(election);
    const before = this.#elections.get(election) ?? { begun: 0, answered: 0 };
    this.#elections.set(election, { ...before, begun: before.begun + 1 });
    const answer = await this.#calls
      .txn(
        call,
        transaction({
          compare: [createdAt(key, 0n)],
          success: [putOp(key, { value: registration, lease: this.#lease }), ...reading.ops],
          failure: reading.ops,
        }),
      )
      .catch((error: unknown) => {
        if (error instanceof MandateError && error.applied === "no") this.#answered(election);
        throw error;
      });
    this.#answered(election);
    const seen = reading.view(answer) ?? (await this.#views.read(election, this.#calls, signal));
    const claim = seen.claim(this.id);
    if (claim === undefined) throw this.#gone();
    return { claim, snapshot: seen.snapshot() };
  }

  async update({ claim, registration }: UpdateRequest, { signal }: CallOptions): Promise<boolean> {
    if (claim.id !== this.id) return false;
    const { election } = claim;
    const call = { doing: `register anew in "${election}"`, signal, retry: "not-applied" } as const;
    const key = this.#layout.claim(election, this.id);
    const answer = await this.#calls.txn(
      call,
      transaction({
        compare: [createdAt(key, claim.term)],
        success: [putOp(key, { value: registration, lease: this.#lease })],
      }),
    );
    return answer.succeeded;
  }

  async withdraw({ election, id, term }: ClaimId, { signal }: CallOptions): Promise<void> {
    // Its condition is on this claim for ever, so it may be carried out twice, or late.
    const call = { doing: `withdraw from "${election}"`, signal, retry: "always" } as const;
    const key = this.#layout.claim(election, id);
    const stands = id === this.id ? this.#elections.get(election) : undefined;
    const answer = await this.#calls.txn(
      call,
      transaction({ compare: [createdAt(key, term)], success: [deleteOp(key)] }),
    );
    if (answer.succeeded && stands !== undefined) this.#forget(election, stands);
  }

  async close({ signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    // From here on it may be gone, so nothing of it may be prolonged or added to any more.
    this.#closed = true;
    const call = { doing: "end the session", signal, retry: "always" } as const;
    await this.#calls.run(call, async (attempt) => {
      try {
        await attempt.call(methods.leaseRevoke, { id: this.#lease });
      } catch (error) {
        // It has ended already, which is what was asked for.
        if (!isLeaseNotFound(error)) throw error;
      }
    });
  }

  #answered(election: string): void {
    const stands = this.#elections.get(election);
    if (stands === undefined) return;
    this.#elections.set(election, { ...stands, answered: stands.answered + 1 });
  }

  /** There was no claim at some moment after `stands` was read here. */
  #forget(election: string, stands: Stands): void {
    if (stands.answered < stands.begun) return;
    if (this.#elections.get(election) === stands) this.#elections.delete(election);
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw this.#gone();
  }

  #gone(): MandateError {
    return new MandateError(`etcd holds no session ${this.id} any more: open a new one`, {
      code: "SESSION_LOST",
      applied: "no",
    });
  }
}

/**
 * Requests to stand in one election, replaced with each change. One that was not answered can still
 * be carried out, at any time.
 */
interface Stands {
  readonly begun: number;
  readonly answered: number;
}

/** A lease as etcd's own election writes it in keys. */
export function sessionIdOf(lease: bigint): string {
  return lease.toString(16);
}
