/** Status codes of gRPC that are told apart here. */
export const status = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/**
 * Where a call failed.
 * - `connect`: there was no connection to send it on.
 * - `tls`: certificates did not pass, on either side.
 * - `deadline`: no answer in time.
 * - `lost`: the connection or stream broke before the answer.
 * - `status`: the server answered with an error.
 * - `protocol`: the answer cannot be understood.
 * - `unproven`: a renewal was confirmed by a member that could not show a quorum for it.
 */
export type FailureKind =
  | "connect"
  | "tls"
  | "deadline"
  | "lost"
  | "status"
  | "protocol"
  | "unproven";

/** How {@link RpcFailure} is made. */
export interface RpcFailureOptions {
  readonly kind: FailureKind;
  /** `"no"`: the server surely did not and will not do what was asked. */
  readonly applied: "no" | "unknown";
  readonly grpcStatus?: number;
  readonly cause?: unknown;
}

/** One failed attempt at one endpoint. Becomes a `MandateError` at the store's edge, only there. */
export class RpcFailure extends Error {
  override readonly name: string = "RpcFailure";
  readonly kind: FailureKind;
  readonly applied: "no" | "unknown";
  readonly grpcStatus: number | undefined;

  constructor(message: string, options: RpcFailureOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = options.kind;
    this.applied = options.applied;
    this.grpcStatus = options.grpcStatus;
  }

  /** Another endpoint may do better. False when every member would answer the same. */
  get concernsEndpoint(): boolean {
    if (this.kind !== "status") return true;
    if (this.grpcStatus === status.resourceExhausted) return /too many requests/.test(this.message);
    return !definitive.has(this.grpcStatus ?? -1);
  }
}

/** The error that a server's answer stands for. `message` is the server's own text. */
export function statusFailure(grpcStatus: number, message: string): RpcFailure {
  const applied = definitive.has(grpcStatus) || neverProposed.test(message) ? "no" : "unknown";
  return new RpcFailure(message === "" ? `gRPC status ${grpcStatus}` : message, {
    kind: "status",
    applied,
    grpcStatus,
  });
}

/** True for what etcd says when a token is unknown to it or has run out. */
export function isStaleToken(error: unknown): boolean {
  return (
    error instanceof RpcFailure &&
    error.kind === "status" &&
    /invalid auth token|revision of auth store is old/.test(error.message)
  );
}

/** True for what etcd says to a request that names a lease it does not have. */
export function isLeaseNotFound(error: unknown): boolean {
  return error instanceof RpcFailure && /requested lease not found/.test(error.message);
}

// etcd gives these after checking a request and before, or instead of, changing anything.
const definitive: ReadonlySet<number> = new Set([
  status.invalidArgument,
  status.notFound,
  status.permissionDenied,
  status.resourceExhausted,
  status.failedPrecondition,
  status.outOfRange,
  status.unimplemented,
  status.unauthenticated,
]);

// Said with `unavailable`, which else leaves it open: the member refused before it proposed.
const neverProposed = /etcdserver: (no leader|not capable|rpc not supported for learner)/;
