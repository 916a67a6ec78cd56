/**
 * The store contract: what a coordination service must be able to do. A store turns these recipes
 * into calls and does nothing else: timing, safety and preference are decided above it.
 * Everything that crosses the contract is plain data (structured clone) but for `signal`, so that
 * a store can live in another process.
 *
 * Every call settles soon after `signal` aborts, with `signal.reason`, and may reject with a
 * `MandateError`. `applied: "no"` promises that a write was not and will not be carried out; any
 * other failure leaves that open.
 */
export interface Store {
  readonly capabilities: StoreCapabilities;

  /**
   * Opens a session: the liveness of one process. The store removes all its claims when it was not
   * renewed for `ttlMs`, counted from no earlier than the call's start.
   * @throws `TTL_BELOW_FLOOR`, `STORE_UNAVAILABLE`, `TIMEOUT`, `ACCESS_DENIED`, `TLS_FAILED`,
   * `STORE_UNSUITABLE`, `INVALID_OPTIONS`
   */
  openSession(request: OpenSessionRequest, options: CallOptions): Promise<StoreSession>;

  /** The election as it is: a linearizable read of claims and control record, as one snapshot. */
  read(election: string, options: CallOptions): Promise<ElectionSnapshot>;

  /**
   * Snapshots as they change: one at once, then one after each change; some may be left out when
   * they come fast, the last never. They are hints: late, and of a stale member perhaps. It heals
   * itself where it can (compaction, lost member), and else throws; it ends when `signal` aborts
   * (by throwing the reason) or the consumer stops.
   */
  watch(election: string, options: CallOptions): AsyncIterable<ElectionSnapshot>;

  /**
   * Replaces the election's control record if its version is still `expectedVersion` (`undefined`:
   * there is none yet). Resolves to false when it is not.
   */
  writeControl(request: WriteControlRequest, options: CallOptions): Promise<boolean>;

  /** Closes connections. Idempotent. Sessions that were not closed run out by their TTL. */
  close(): Promise<void>;
}

/** A session at the store. It belongs to one process and carries any number of claims. */
export interface StoreSession {
  /** Unique for ever. */
  readonly id: string;
  /** The TTL that the store granted, at least the one asked for, in milliseconds. */
  readonly ttlMs: number;

  /**
   * Extends the session by its TTL, counted from no earlier than the call's start. Resolves only
   * with proof that a quorum knows the session (S4).
   * @throws `SESSION_LOST` only when the store says that it is gone; any other error is "unknown".
   */
  renew(options: CallOptions): Promise<void>;

  /** All claims of this session that the store holds, in all elections (S6). */
  claims(options: CallOptions): Promise<readonly Claim[]>;

  /**
   * Adds a claim at the end of the election's queue and returns the election as it is then, in one
   * linearizable step. A session has one claim an election at most: when it has one already, that
   * one is returned as it is, and the caller sees by its registration that it is not the new one.
   * @throws `SESSION_LOST`
   */
  stand(request: StandRequest, options: CallOptions): Promise<StandResult>;

  /** Replaces a claim's registration; its place stays. False when the claim is gone. */
  update(request: UpdateRequest, options: CallOptions): Promise<boolean>;

  /** Removes exactly this claim, never a later one (S7). Done, too, when it is gone already. */
  withdraw(claim: ClaimId, options: CallOptions): Promise<void>;

  /** Ends the session and with it its claims. Idempotent. Renewals fail from then on. */
  close(options: CallOptions): Promise<void>;
}

/** What a store can do; the conformance suite decides from it what to run. */
export interface StoreCapabilities {
  /** Claims form a queue in the order of standing. */
  readonly contention: "queue";
  /** The shortest TTL that the store keeps, in milliseconds. */
  readonly ttlFloorMs: number;
  /** One session carries any number of claims, renewed at once. */
  readonly sharedSession: boolean;
  /** Who counts a session's TTL: the store's servers, or each observer on the shared clock. */
  readonly expiry: "servers" | "observers";
  /** The store notices the death of a process by itself, long before the TTL. */
  readonly noticesDeath: boolean;
}

/**
 * A store as plain data. `module` is the URL of a module (`import.meta.url` based) that exports
 * `openStore(options: unknown): Promise<Store>`, which validates what it is given.
 */
export interface StoreDescription {
  readonly module: string;
  readonly options: unknown;
}

/** What the module of a {@link StoreDescription} exports. */
export interface StoreModule {
  openStore(options: unknown): Promise<Store>;
}

/** What goes along with each call. */
export interface CallOptions {
  /** Aborts the call: at its deadline, or because nobody wants the answer any more. */
  readonly signal: AbortSignal;
}

/** A session to open. */
export interface OpenSessionRequest {
  readonly ttlMs: number;
}

/** Names one claim for ever: `term` is never given twice in an election. */
export interface ClaimId {
  readonly election: string;
  /** The store's own name for it. */
  readonly id: string;
  /** The fencing token, as the store counts it: grows from claim to claim of an election. */
  readonly term: bigint;
}

/** A claim as the store holds it. */
export interface Claim extends ClaimId {
  readonly sessionId: string;
  /** What the candidate says of itself; a foreign program's claim has its own text here. */
  readonly registration: string;
}

/** An election at one moment. */
export interface ElectionSnapshot {
  /** Which store this is: changes when it is rebuilt or replaced. */
  readonly storeId: string;
  /**
   * When it was taken, in the same count as terms: a snapshot whose revision is below a claim's
   * term was taken before that claim was made. Never falls in one store.
   */
  readonly revision: bigint;
  /** Live claims in the order of standing: the first one's candidate leads, or is about to. */
  readonly claims: readonly Claim[];
  /** Undefined when nobody wrote one yet. */
  readonly control: ControlEntry | undefined;
}

/** The election's control record as the store keeps it: text with a version. */
export interface ControlEntry {
  readonly text: string;
  /** Opaque; changes with each write. */
  readonly version: string;
}

/** A control record to be written in the place of another. */
export interface WriteControlRequest {
  readonly election: string;
  readonly text: string;
  readonly expectedVersion: string | undefined;
}

/** A claim to make. */
export interface StandRequest {
  readonly election: string;
  readonly registration: string;
}

/** The claim that was made, and the election as it was then. */
export interface StandResult {
  readonly claim: Claim;
  readonly snapshot: ElectionSnapshot;
}

/** A claim whose candidate has something new to say. */
export interface UpdateRequest {
  readonly claim: ClaimId;
  readonly registration: string;
}
