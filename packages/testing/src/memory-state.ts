import type {
  Claim,
  ClaimId,
  ControlEntry,
  ElectionSnapshot,
  StandResult,
  WriteControlRequest,
} from "@mandate/election";
import { MandateError } from "@mandate/election";

/** A session that lives. */
interface Session {
  readonly ttlMs: number;
  expiresAtMs: number;
  /** Its claims by election. */
  readonly claims: Map<string, Claim>;
}

/** A claim to be added. */
interface NewClaim {
  readonly sessionId: string;
  readonly election: string;
  readonly registration: string;
}

/**
 * All that an in-memory server holds, and what its requests do to it. It knows no time but what it
 * is told, and says which elections changed.
 */
export class MemoryState {
  readonly storeId: string;
  readonly #sessions = new Map<string, Session>();
  /** The claims of each election that has any. Arrays are replaced: snapshots share them. */
  readonly #queues = new Map<string, readonly Claim[]>();
  readonly #controls = new Map<string, ControlEntry>();
  readonly #onChange: (election: string) => void;
  /** Grows with each change; a claim's term is the revision of the change that made it. */
  #revision = 0n;

  constructor(storeId: string, onChange: (election: string) => void) {
    this.storeId = storeId;
    this.#onChange = onChange;
  }

  /** A copy that shares nothing that changes. */
  copy(): MemoryState {
    const copy = new MemoryState(this.storeId, this.#onChange);
    copy.#revision = this.#revision;
    for (const [id, session] of this.#sessions) {
      copy.#sessions.set(id, { ...session, claims: new Map(session.claims) });
    }
    for (const [election, claims] of this.#queues) copy.#queues.set(election, claims);
    for (const [election, control] of this.#controls) copy.#controls.set(election, control);
    return copy;
  }

  snapshot(election: string): ElectionSnapshot {
    return {
      storeId: this.storeId,
      revision: this.#revision,
      claims: this.#claims(election),
      control: this.#controls.get(election),
    };
  }

  get sessionIds(): readonly string[] {
    return [...this.#sessions.keys()];
  }

  /** When the first session runs out, if there is any. */
  get firstExpiryMs(): number | undefined {
    let firstMs: number | undefined;
    for (const { expiresAtMs } of this.#sessions.values()) {
      if (firstMs === undefined || expiresAtMs < firstMs) firstMs = expiresAtMs;
    }
    return firstMs;
  }

  openSession(sessionId: string, ttlMs: number, nowMs: number): void {
    const expiresAtMs = nowMs + ttlMs;
    this.#sessions.set(sessionId, { ttlMs, expiresAtMs, claims: new Map() });
  }

  renew(sessionId: string, nowMs: number): void {
    const session = this.#session(sessionId);
    session.expiresAtMs = nowMs + session.ttlMs;
  }

  renewAll(nowMs: number): void {
    for (const sessionId of this.#sessions.keys()) this.renew(sessionId, nowMs);
  }

  expire(nowMs: number): void {
    for (const [sessionId, { expiresAtMs }] of this.#sessions) {
      if (expiresAtMs <= nowMs) this.endSession(sessionId);
    }
  }

  /** False when there is no such session (any more). */
  endSession(sessionId: string): boolean {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return false;
    this.#sessions.delete(sessionId);
    for (const claim of session.claims.values()) this.removeClaim(claim);
    return true;
  }

  claimsOf(sessionId: string): readonly Claim[] {
    return [...this.#session(sessionId).claims.values()];
  }

  stand({ sessionId, election, registration }: NewClaim): StandResult {
    const session = this.#session(sessionId);
    let claim = session.claims.get(election);
    if (claim === undefined) {
      // As on etcd, a session's claims of an election share their id: the term tells them apart.
      claim = { election, id: sessionId, term: this.#nextRevision(), sessionId, registration };
      session.claims.set(election, claim);
      this.#setClaims(election, [...this.#claims(election), claim]);
    }
    return { claim, snapshot: this.snapshot(election) };
  }

  update(id: ClaimId, registration: string): boolean {
    const claim = this.#find(id);
    if (claim === undefined) return false;
    const { election, sessionId } = claim;
    const updated = { ...claim, registration };
    this.#sessions.get(sessionId)?.claims.set(election, updated);
    this.#nextRevision();
    const claims = this.#claims(election).map((each) => (each === claim ? updated : each));
    this.#setClaims(election, claims);
    return true;
  }

  /** False when there is no such claim (any more). */
  removeClaim(id: ClaimId): boolean {
    const claim = this.#find(id);
    if (claim === undefined) return false;
    const { election, sessionId } = claim;
    this.#sessions.get(sessionId)?.claims.delete(election);
    this.#nextRevision();
    const claims = this.#claims(election).filter((each) => each !== claim);
    this.#setClaims(election, claims);
    return true;
  }

  writeControl({ election, text, expectedVersion }: WriteControlRequest): boolean {
    if (this.#controls.get(election)?.version !== expectedVersion) return false;
    this.#controls.set(election, { text, version: String(this.#nextRevision()) });
    this.#onChange(election);
    return true;
  }

  #session(sessionId: string): Session {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) return session;
    const message = `the store has no session ${sessionId} (any more): open a new one`;
    throw new MandateError(message, { code: "SESSION_LOST", applied: "no" });
  }

  #nextRevision(): bigint {
    this.#revision += 1n;
    return this.#revision;
  }

  #claims(election: string): readonly Claim[] {
    return this.#queues.get(election) ?? [];
  }

  #find({ election, id, term }: ClaimId): Claim | undefined {
    return this.#claims(election).find((each) => each.term === term && each.id === id);
  }

  #setClaims(election: string, claims: readonly Claim[]): void {
    if (claims.length === 0) this.#queues.delete(election);
    else this.#queues.set(election, claims);
    this.#onChange(election);
  }
}
