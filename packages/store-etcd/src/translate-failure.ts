import { MandateError } from "@mandate/election";
import type { MandateErrorCode } from "@mandate/election";

import { isLeaseNotFound, RpcFailure, status } from "./client/rpc-failure.ts";

/**
 * The store's edge: what a call to etcd threw, as what the contract promises. Everything that is no
 * {@link RpcFailure} (an abort's reason, an error of ours) is returned as it is.
 * @param doing what was to be done, as it goes on after "could not"
 */
export function translateFailure(error: unknown, doing: string): unknown {
  if (!(error instanceof RpcFailure)) return error;
  const code = codeOf(error);
  return new MandateError(`could not ${doing} at etcd: ${error.message}; ${advice(code, error)}`, {
    code,
    cause: error,
    applied: error.applied,
  });
}

function codeOf(failure: RpcFailure): MandateErrorCode {
  if (failure.kind === "tls") return "TLS_FAILED";
  if (failure.kind === "deadline") return "TIMEOUT";
  if (failure.kind !== "status") return "STORE_UNAVAILABLE";
  if (isLeaseNotFound(failure)) return "SESSION_LOST";
  switch (failure.grpcStatus) {
    case status.permissionDenied:
    case status.unauthenticated:
      return "ACCESS_DENIED";
    case status.invalidArgument:
      // How etcd answers a wrong password, and a call without a user where one is needed.
      return /authentication failed|user name/.test(failure.message)
        ? "ACCESS_DENIED"
        : "INVALID_OPTIONS";
    case status.deadlineExceeded:
      return "TIMEOUT";
    default:
      return "STORE_UNAVAILABLE";
  }
}

function advice(code: MandateErrorCode, failure: RpcFailure): string {
  switch (code) {
    case "TLS_FAILED":
      return "check ca, cert, key and serverName, the certificates' dates, and that etcd uses TLS";
    case "TIMEOUT":
      return "check that the endpoints are right and that the members are well";
    case "ACCESS_DENIED":
      return "check user and password, and that the user may read and write behind the prefix";
    case "SESSION_LOST":
      return "open a new session";
    case "INVALID_OPTIONS":
      return "make what is written smaller, or raise the limits of etcd";
    default:
      return /space exceeded|NOSPACE/.test(failure.message)
        ? "compact and defragment etcd, then disarm its alarm"
        : "check that the endpoints are right and that most of the members run";
  }
}
