import { MandateError } from "@mandate/election";

import type { Attempt } from "./client/attempt.ts";
import type { EtcdClient, RunOptions } from "./client/etcd-client.ts";
import { methods } from "./client/methods.ts";
import type { TxnRequest, TxnResponse } from "./gen/etcd.ts";
import { translateFailure } from "./translate-failure.ts";

/** How long one endpoint may take before it is left for the next, in milliseconds. */
const attemptMs = 2_000;

/** How {@link EtcdCalls.run} goes about it. */
export interface CallRequest {
  /** What is being done, for the error: "could not … at etcd". */
  readonly doing: string;
  readonly signal: AbortSignal;
  /** See {@link RunOptions}. */
  readonly retry: RunOptions["retry"];
}

/** Calls with the store's deadlines, whose failures are the contract's. */
export class EtcdCalls {
  readonly #client: EtcdClient;

  constructor(client: EtcdClient) {
    this.#client = client;
  }

  /** @throws `MandateError`, or the signal's reason */
  async run<Result>(
    { doing, signal, retry }: CallRequest,
    operation: (attempt: Attempt) => Promise<Result>,
  ): Promise<Result> {
    this.refuseWhenClosed();
    try {
      return await this.#client.run(operation, { attemptMs, signal, retry });
    } catch (error) {
      signal.throwIfAborted();
      this.refuseWhenClosed(error);
      throw translateFailure(error, doing);
    }
  }

  /** @throws `MandateError`, or the signal's reason */
  txn(call: CallRequest, request: TxnRequest): Promise<TxnResponse> {
    return this.run(call, (attempt) => attempt.call(methods.txn, request));
  }

  /** @throws `CLOSED` once the client was closed */
  refuseWhenClosed(cause?: unknown): void {
    if (!this.#client.closed) return;
    throw new MandateError("the etcd store was closed: make a new one", {
      code: "CLOSED",
      ...(cause === undefined ? { applied: "no" } : { cause }),
    });
  }
}
