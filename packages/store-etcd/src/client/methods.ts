import type { BinaryWriter } from "@bufbuild/protobuf/wire";

import {
  AuthenticateRequest,
  AuthenticateResponse,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from "../gen/etcd.ts";
import type { ResponseHeader } from "../gen/etcd.ts";

/** One remote procedure with one request and one response. */
export interface Method<Request, Response extends Answer> {
  readonly path: string;
  encode(request: Request): Uint8Array;
  decode(bytes: Uint8Array): Response;
}

/** What every answer of etcd has. */
export interface Answer {
  readonly header: ResponseHeader | undefined;
}

/**
 * The procedures that the store calls. `keepAlive` is a stream in etcd's API; it is used here for
 * one request and one answer, which looks the same on the wire and cannot stall unnoticed.
 */
export const methods = {
  authenticate: method("Auth/Authenticate", AuthenticateRequest, AuthenticateResponse),
  keepAlive: method("Lease/LeaseKeepAlive", LeaseKeepAliveRequest, LeaseKeepAliveResponse),
  leaseGrant: method("Lease/LeaseGrant", LeaseGrantRequest, LeaseGrantResponse),
  leaseRevoke: method("Lease/LeaseRevoke", LeaseRevokeRequest, LeaseRevokeResponse),
  put: method("KV/Put", PutRequest, PutResponse),
  range: method("KV/Range", RangeRequest, RangeResponse),
  txn: method("KV/Txn", TxnRequest, TxnResponse),
} as const;

/** The path of the stream that carries all watches. */
export const watchPath = "/etcdserverpb.Watch/Watch";

interface Codec<Message> {
  encode(message: Message): BinaryWriter;
  decode(bytes: Uint8Array): Message;
}

function method<Request, Response extends Answer>(
  name: string,
  request: Codec<Request>,
  response: Codec<Response>,
): Method<Request, Response> {
  return {
    path: `/etcdserverpb.${name}`,
    encode: (message) => request.encode(message).finish(),
    decode: (bytes) => response.decode(bytes),
  };
}
