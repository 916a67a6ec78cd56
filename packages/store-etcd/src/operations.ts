import type { Compare, RequestOp, TxnRequest } from "./gen/etcd.ts";
import type { KeyRange } from "./keys.ts";

/** etcd's numbers for what a comparison asks. */
const result = { equal: 0, greater: 1, less: 2 } as const;
/** etcd's numbers for what is compared. */
const target = { create: 1, mod: 2, value: 3 } as const;
/** etcd's number for an event that removes a key. */
export const deleteEvent = 1;

/** The key was created at this revision; 0: there is no such key. */
export function createdAt({ key }: KeyRange, revision: bigint): Compare {
  const targetUnion = { $case: "createRevision", value: revision } as const;
  return { result: result.equal, target: target.create, key, targetUnion };
}

/** The key was last written at this revision; 0: there is no such key. */
export function writtenAt({ key }: KeyRange, revision: bigint): Compare {
  const targetUnion = { $case: "modRevision", value: revision } as const;
  return { result: result.equal, target: target.mod, key, targetUnion };
}

/** Reads a key or a range. */
export function rangeOp(range: KeyRange): RequestOp {
  return { request: { $case: "requestRange", value: range } };
}

/** Writes a key; with a lease other than 0 it lives as long as that. */
export function putOp({ key }: KeyRange, put: { value: string; lease: bigint }): RequestOp {
  const value = { key, value: Buffer.from(put.value), lease: put.lease };
  return { request: { $case: "requestPut", value } };
}

/** Removes a key. */
export function deleteOp(range: KeyRange): RequestOp {
  return { request: { $case: "requestDeleteRange", value: range } };
}

/** A transaction within another one. */
export function txnOp(value: TxnRequest): RequestOp {
  return { request: { $case: "requestTxn", value } };
}

/** A transaction; what is left out is empty. */
export function transaction(parts: Partial<TxnRequest>): TxnRequest {
  return { compare: [], success: [], failure: [], ...parts };
}
