import { inspect } from "node:util";
import type {
  Claim,
  ClaimId,
  ElectionSnapshot,
  MandateErrorCode,
  OpenSessionRequest,
  StandRequest,
  StandResult,
  StoreCapabilities,
  UpdateRequest,
  WriteControlRequest,
} from "@mandate/election";
import { MandateError } from "@mandate/election";

/**
 * The store contract as messages: what each call asks and what it answers, in plain data. The
 * in-memory server answers them, and they carry a store across the boundary of a process.
 */
export interface StoreCalls {
  readonly openSession: { readonly request: OpenSessionRequest; readonly reply: OpenedSession };
  readonly read: { readonly request: ElectionName; readonly reply: ElectionSnapshot };
  readonly writeControl: { readonly request: WriteControlRequest; readonly reply: boolean };
  readonly renew: { readonly request: SessionName; readonly reply: void };
  readonly claims: { readonly request: SessionName; readonly reply: readonly Claim[] };
  readonly stand: { readonly request: SessionName & StandRequest; readonly reply: StandResult };
  readonly update: { readonly request: SessionName & UpdateRequest; readonly reply: boolean };
  readonly withdraw: { readonly request: SessionName & ClaimName; readonly reply: void };
  readonly closeSession: { readonly request: SessionName; readonly reply: void };
}

/** Names one of the {@link StoreCalls}. */
export type StoreCallKind = keyof StoreCalls;

/** One request to a store. */
export type StoreRequest<Kind extends StoreCallKind = StoreCallKind> = {
  [Each in Kind]: { readonly kind: Each; readonly body: StoreCalls[Each]["request"] };
}[Kind];

/** The answer to a {@link StoreRequest}: a refusal is a value too, so that it can travel. */
export type StoreAnswer<Kind extends StoreCallKind = StoreCallKind> =
  | { readonly ok: true; readonly reply: StoreCalls[Kind]["reply"] }
  | { readonly ok: false; readonly error: PlainError };

/** The session that was opened. */
export interface OpenedSession {
  readonly sessionId: string;
  /** The TTL that the store granted, in milliseconds. */
  readonly ttlMs: number;
}

/** Names an election in a request. */
export interface ElectionName {
  readonly election: string;
}

/** Names a session in a request. */
export interface SessionName {
  readonly sessionId: string;
}

/** Names a claim in a request. */
export interface ClaimName {
  readonly claim: ClaimId;
}

/** What a subscription to an election is told. */
export interface SnapshotSink {
  /** The election as it is now. */
  next(snapshot: ElectionSnapshot): void;
  /** The subscription is over, for this reason. */
  fail(error: unknown): void;
}

/** The way from a client to a store: what lies between may be nothing, a pipe or a network. */
export interface StoreConnection {
  readonly capabilities: StoreCapabilities;
  /**
   * Carries out one request. Rejects with `signal.reason` soon after `signal` aborts, and with a
   * `MandateError` when no answer can be had.
   */
  exchange<Kind extends StoreCallKind>(
    request: StoreRequest<Kind>,
    signal: AbortSignal,
  ): Promise<StoreAnswer<Kind>>;
  /**
   * Tells `sink` of the election at once and after each change, until the returned function is
   * called. Some snapshots may be left out when they come fast, the last never.
   */
  subscribe(election: string, sink: SnapshotSink): () => void;
  /** Ends the connection. Idempotent. */
  close(): Promise<void>;
}

/** An error as plain data. */
export interface PlainError {
  readonly message: string;
  /** Undefined for an error that is not a `MandateError`. */
  readonly code: MandateErrorCode | undefined;
  readonly applied: "no" | "unknown";
  /** The text of what caused it, or the stack of an error that is not ours. */
  readonly cause: string | undefined;
}

/** Makes plain data of an error, to be made an error again by {@link errorFromPlain}. */
export function plainFromError(error: unknown): PlainError {
  if (error instanceof MandateError) {
    const cause = error.cause === undefined ? undefined : textOf(error.cause);
    return { message: error.message, code: error.code, applied: error.applied, cause };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { message, code: undefined, applied: "unknown", cause: textOf(error) };
}

/** The error that {@link plainFromError} took apart; of its cause only the text is left. */
export function errorFromPlain(plain: PlainError): Error {
  const { message, code, applied, cause } = plain;
  if (code === undefined) return new Error(message, { cause });
  return new MandateError(message, { code, applied, cause });
}

/** With its stack and its own causes, when it has any. */
function textOf(error: unknown): string {
  return error instanceof Error ? inspect(error) : String(error);
}
