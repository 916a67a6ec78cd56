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

import { EtcdClient } from "./client/etcd-client.ts";
import { methods } from "./client/methods.ts";
import { WatchHub } from "./client/watch-hub.ts";
import { EtcdCalls } from "./etcd-calls.ts";
import { EtcdSession, sessionIdOf } from "./etcd-session.ts";
import { KeyLayout } from "./keys.ts";
import { putOp, transaction, writtenAt } from "./operations.ts";
import type { ResolvedOptions } from "./options.ts";
import { ViewReader } from "./view-reader.ts";
import { watchElection } from "./watch-election.ts";

// What etcd keeps at the least with its default timing: one and a half times the election timeout
// of 1 s, in whole seconds.
const ttlFloorMs = 2_000;

/** The contract on etcd: one lease a session, one transaction a step. */
export class EtcdStore implements Store {
  readonly capabilities: StoreCapabilities = {
    contention: "queue",
    ttlFloorMs,
    sharedSession: true,
    expiry: "servers",
    noticesDeath: false,
  };
  readonly #client: EtcdClient;
  readonly #calls: EtcdCalls;
  readonly #hub: WatchHub;
  readonly #layout: KeyLayout;
  readonly #views: ViewReader;

  /** Connects with the first call, not before. */
  constructor({ targets, credentials, prefix }: ResolvedOptions) {
    this.#client = new EtcdClient({ targets, credentials });
    this.#calls = new EtcdCalls(this.#client);
    this.#hub = new WatchHub(this.#client);
    this.#layout = new KeyLayout(prefix);
    this.#views = new ViewReader(this.#layout);
  }

  async openSession({ ttlMs }: OpenSessionRequest, { signal }: CallOptions): Promise<StoreSession> {
    if (!(ttlMs >= ttlFloorMs)) throw ttlTooShort(ttlMs, ttlFloorMs);
    const seconds = BigInt(Math.ceil(ttlMs / 1_000));
    // A grant whose answer was lost leaves a lease that nobody renews, so it may be repeated.
    const call = { doing: "open a session", signal, retry: "always" } as const;
    const granted = await this.#calls.run(call, (attempt) =>
      attempt.call(methods.leaseGrant, { ttl: seconds }),
    );
    if (granted.error !== "") {
      throw new MandateError(`etcd granted no lease: ${granted.error}`, {
        code: "STORE_UNAVAILABLE",
      });
    }
    const session = new EtcdSession({
      calls: this.#calls,
      layout: this.#layout,
      views: this.#views,
      lease: granted.id,
      ttlMs: Number(granted.ttl) * 1_000,
    });
    try {
      if (granted.ttl > seconds) throw ttlTooShort(ttlMs, session.ttlMs);
      const { key } = this.#layout.session(sessionIdOf(granted.id));
      const put = { key, value: Buffer.from("1"), lease: granted.id };
      await this.#calls.run(call, (attempt) => attempt.call(methods.put, put));
      return session;
    } catch (error) {
      await session.close({ signal }).catch(() => {
        // The lease runs out by itself; why there is no session is what the caller needs to know.
      });
      throw error;
    }
  }

  async read(election: string, { signal }: CallOptions): Promise<ElectionSnapshot> {
    return (await this.#views.read(election, this.#calls, signal)).snapshot();
  }

  watch(election: string, { signal }: CallOptions): AsyncIterable<ElectionSnapshot> {
    return watchElection(election, {
      hub: this.#hub,
      layout: this.#layout,
      signal,
      read: () => this.#views.read(election, this.#calls, signal),
      refuseWhenClosed: () => this.#calls.refuseWhenClosed(),
    });
  }

  async writeControl(request: WriteControlRequest, { signal }: CallOptions): Promise<boolean> {
    const { election, text, expectedVersion } = request;
    const call = { doing: `write the control record of "${election}"`, signal } as const;
    const key = this.#layout.control(election);
    if (expectedVersion !== undefined && !/^\d{1,18}$/.test(expectedVersion)) return false;
    const revision = expectedVersion === undefined ? 0n : BigInt(expectedVersion);
    const answer = await this.#calls.txn(
      { ...call, retry: "not-applied" },
      transaction({
        compare: [writtenAt(key, revision)],
        success: [putOp(key, { value: text, lease: 0n })],
      }),
    );
    return answer.succeeded;
  }

  close(): Promise<void> {
    this.#client.close();
    this.#hub.close();
    return Promise.resolve();
  }
}

function ttlTooShort(ttlMs: number, floorMs: number): MandateError {
  return new MandateError(
    `ttlMs is ${ttlMs}, and this etcd keeps a session for ${floorMs} ms at the least: ` +
      `set ttlMs to ${floorMs} or more`,
    { code: "TTL_BELOW_FLOOR", applied: "no" },
  );
}
