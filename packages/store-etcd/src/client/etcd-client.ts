import { Attempt } from "./attempt.ts";
import type { AttemptContext, AttemptOptions } from "./attempt.ts";
import type { ConnectionTarget } from "./connection.ts";
import { Credentials } from "./credentials.ts";
import type { CredentialOptions } from "./credentials.ts";
import { EndpointRing } from "./endpoint-ring.ts";
import { Endpoint } from "./endpoint.ts";
import type { Answer, Method } from "./methods.ts";
import { RpcFailure } from "./rpc-failure.ts";
import { patienceMs } from "./unary-call.ts";

/** How long connecting to an endpoint may take, in milliseconds: TCP, TLS and first frame. */
const connectMs = 2_000;

/** How an {@link EtcdClient} is made. */
export interface EtcdClientOptions {
  /** At least one. */
  readonly targets: readonly ConnectionTarget[];
  readonly credentials: CredentialOptions | undefined;
}

/** How {@link EtcdClient.run} goes about it. */
export interface RunOptions extends AttemptOptions {
  /**
   * When to go on to the next endpoint: after any failure (what is asked may be done twice), or
   * only when it was surely not done.
   */
  readonly retry: "always" | "not-applied";
}

/**
 * Calls etcd at one of several endpoints. Nothing is retried for longer than one round over them:
 * pacing is the caller's.
 */
export class EtcdClient {
  readonly #ring: EndpointRing<Endpoint>;
  readonly #context: AttemptContext;
  #closed = false;
  #revision = 0n;

  constructor(options: EtcdClientOptions) {
    this.#ring = new EndpointRing(options.targets.map((target) => new Endpoint(target, connectMs)));
    this.#context = {
      credentials: new Credentials(options.credentials),
      observe: (answer) => this.#observe(answer),
    };
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The highest revision that any answer has shown: a member that is behind it lags. */
  get revision(): bigint {
    return this.#revision;
  }

  /** The endpoint that the next call starts at. */
  get preferred(): Endpoint {
    const [first] = this.#ring.order;
    if (first === undefined) throw new TypeError("an etcd client needs an endpoint");
    return first;
  }

  /** One call, at the first endpoint that can answer it. */
  call<Request, Response extends Answer>(
    method: Method<Request, Response>,
    request: Request,
    options: RunOptions,
  ): Promise<Response> {
    return this.run((attempt) => attempt.call(method, request), options);
  }

  /**
   * Runs `operation` at the first endpoint that can carry all of it out.
   * @throws RpcFailure about all endpoints that were tried; the reason of `signal`; whatever else
   * `operation` throws, at once.
   */
  async run<Result>(
    operation: (attempt: Attempt) => Promise<Result>,
    options: RunOptions,
  ): Promise<Result> {
    const failures: EndpointFailure[] = [];
    const { order } = this.#ring;
    // A single endpoint gets a second chance: the first may be lost to a connection gone stale.
    for (const endpoint of order.length === 1 ? [...order, ...order] : order) {
      options.signal.throwIfAborted();
      if (this.#closed) break;
      const beganMs = performance.now();
      try {
        return await operation(this.attempt(endpoint, options));
      } catch (error) {
        if (!(error instanceof RpcFailure)) {
          // The caller's deadline is often shorter than ours: a mute endpoint is left by it, too.
          const late = performance.now() - beganMs >= patienceMs;
          if (options.signal.aborted && late) this.#ring.failed(endpoint);
          throw error;
        }
        failures.push({ authority: endpoint.authority, failure: error });
        if (!error.concernsEndpoint) break;
        this.#ring.failed(endpoint);
        if (options.retry === "not-applied" && error.applied !== "no") break;
        if (order.length === 1 && error.kind === "deadline") break;
      }
    }
    throw combine(failures);
  }

  /** Calls at `endpoint`, all within `attemptMs` from now. */
  attempt(endpoint: Endpoint, options: AttemptOptions): Attempt {
    return new Attempt(endpoint, this.#context, options);
  }

  /** Tells that `endpoint` failed in a way that only the caller could see. */
  failed(endpoint: Endpoint): void {
    this.#ring.failed(endpoint);
  }

  /** Closes all connections; what is in flight fails. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const endpoint of this.#ring.order) endpoint.close();
  }

  #observe(answer: Answer): void {
    const revision = answer.header?.revision ?? 0n;
    if (revision > this.#revision) this.#revision = revision;
  }
}

interface EndpointFailure {
  readonly authority: string;
  readonly failure: RpcFailure;
}

/** What all endpoints said, as one failure: of the kind that tells the user most. */
function combine(failures: readonly EndpointFailure[]): RpcFailure {
  const last = failures.at(-1)?.failure;
  if (last === undefined) {
    return new RpcFailure("the client was closed", { kind: "connect", applied: "no" });
  }
  if (!last.concernsEndpoint) return last;
  const all = failures.map(({ failure }) => failure);
  const telling =
    all.find(({ kind }) => kind === "tls") ?? all.find(({ kind }) => kind !== "deadline") ?? last;
  const told = failures.map(({ authority, failure }) => `${authority}: ${failure.message}`);
  return new RpcFailure([...new Set(told)].join("; "), {
    kind: telling.kind,
    applied: all.every(({ applied }) => applied === "no") ? "no" : "unknown",
    ...(telling.grpcStatus === undefined ? {} : { grpcStatus: telling.grpcStatus }),
    cause: telling,
  });
}
