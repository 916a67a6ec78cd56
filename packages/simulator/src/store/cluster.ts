import type { Claim, Clock, ElectionSnapshot, Random } from "@mandate/election";
import { MandateError } from "@mandate/election";
import {
  MemoryServer,
  type MemoryBackup,
  type StoreAnswer,
  type StoreCallKind,
  type StoreRequest,
} from "@mandate/testing";
import { between, chance } from "../world/chance.ts";
import type { Journal, RemovalCause } from "../world/journal.ts";

/** How the store behaves. */
export interface ClusterOptions {
  readonly members: number;
  /** A session's end may come so much late, in milliseconds. */
  readonly lateExpiryMs: number;
  /** A deposed member goes on confirming keep-alives. */
  readonly liesWhenDeposed: boolean;
  readonly elections: readonly string[];
}

/** What a member says to one request; the second and third parts only to a keep-alive. */
export interface MemberAnswer {
  readonly answer: StoreAnswer;
  readonly raftTerm: number;
}

/** Takes the changes of an election, at a member. */
export interface WatchFeed {
  readonly election: string;
  readonly send: (snapshot: ElectionSnapshot) => void;
  readonly end: () => void;
}

/** One server of the store. */
interface Member {
  state: "in-quorum" | "deposed" | "down";
  raftTerm: number;
  /** What it knew when it lost the others. */
  stale: ReadonlyMap<string, ElectionSnapshot>;
  staleSessions: ReadonlySet<string>;
  /** Writes that it could not pass on, yet. */
  readonly backlog: StoreRequest[];
  readonly feeds: Set<WatchFeed>;
}

/** Why claims go now, and at whose request. */
interface Cause {
  readonly cause: RemovalCause;
  readonly requester?: string;
  readonly term?: bigint;
}

/**
 * A replicated store: one state, agreed on by a quorum, seen through members that may be deposed
 * without knowing, or down. It has the semantics of etcd as far as an election can tell.
 */
export class Cluster {
  readonly members: readonly Member[];
  readonly #random: Random;
  readonly #journal: Journal;
  readonly #options: ClusterOptions;
  readonly #server: MemoryServer;
  readonly #snapshots = new Map<string, ElectionSnapshot>();
  #raftTerm = 1;
  #cause: Cause = { cause: "expiry" };
  #down: { readonly state: MemoryBackup; readonly regresses: boolean } | undefined;

  constructor(
    parts: { readonly clock: Clock; readonly random: Random; readonly journal: Journal },
    options: ClusterOptions,
  ) {
    this.#random = parts.random;
    this.#journal = parts.journal;
    this.#options = options;
    this.#server = new MemoryServer({ clock: parts.clock, random: parts.random, ttlFloorMs: 100 });
    this.members = Array.from({ length: options.members }, () => ({
      state: "in-quorum",
      raftTerm: 1,
      stale: new Map(),
      staleSessions: new Set(),
      backlog: [],
      feeds: new Set(),
    }));
    for (const election of options.elections) {
      this.#server.subscribe(election, {
        next: (snapshot) => this.#changed(election, snapshot),
        fail: () => {},
      });
    }
  }

  /** Who stands, as the quorum knows it. */
  snapshot(election: string): ElectionSnapshot {
    const snapshot = this.#snapshots.get(election);
    if (snapshot === undefined) throw new Error(`there is no election "${election}"`);
    return snapshot;
  }

  /** The sessions that live. */
  get sessionIds(): readonly string[] {
    return this.#server.sessionIds;
  }

  /** The highest term that was ever given. */
  highestTerm = 0n;
  /** Calls that get no answer at present, as when a proxy or a right is missing for them alone. */
  readonly mute = new Set<StoreCallKind>();

  get isDown(): boolean {
    return this.#down !== undefined;
  }

  /**
   * A request at a member. `reply` is called once, now; or never, when the member cannot reach a
   * quorum. Undefined when nobody listens there.
   */
  request(index: number, request: StoreRequest, reply: (answer: MemberAnswer) => void): void {
    const member = this.#member(index);
    if (member.state === "down") return;
    if (member.state === "deposed") return this.#askDeposed(member, request, reply);
    const answer = this.#handle(request);
    reply({ answer, raftTerm: member.raftTerm });
  }

  /** Whether a member answers connections. */
  listens(index: number): boolean {
    return this.#member(index).state !== "down";
  }

  /** Feeds a watch from a member, until the returned function is called. */
  watch(index: number, feed: WatchFeed): () => void {
    const member = this.#member(index);
    member.feeds.add(feed);
    const source = member.state === "deposed" ? member.stale : this.#snapshots;
    const snapshot = source.get(feed.election);
    if (snapshot !== undefined) feed.send(snapshot);
    return () => void member.feeds.delete(feed);
  }

  /** A member that led loses the others without noticing; they elect another one. */
  depose(index: number): void {
    const member = this.#member(index);
    if (member.state !== "in-quorum" || this.#inQuorum() * 2 <= this.members.length + 1) return;
    member.state = "deposed";
    member.stale = new Map(this.#snapshots);
    member.staleSessions = new Set(this.#server.sessionIds);
    this.#raftTerm += 1;
    for (const other of this.members) {
      if (other.state === "in-quorum") other.raftTerm = this.#raftTerm;
    }
  }

  /** A member goes down; its connections end. */
  stopMember(index: number): void {
    const member = this.#member(index);
    if (member.state !== "in-quorum" || this.#inQuorum() * 2 <= this.members.length + 1) return;
    member.state = "down";
    endFeeds(member);
  }

  /** A member is part of the quorum again. What it could not pass on may still be carried out. */
  rejoin(index: number): void {
    const member = this.#member(index);
    if (this.#down !== undefined || member.state === "in-quorum") return;
    member.state = "in-quorum";
    member.raftTerm = this.#raftTerm;
    const backlog = member.backlog.splice(0);
    for (const request of backlog) if (chance(this.#random, 0.5)) this.#handle(request);
    for (const feed of member.feeds) feed.send(this.snapshot(feed.election));
  }

  /** All members go down. With `backup` they come back with what they held then. */
  goDown(backup: MemoryBackup | undefined): void {
    if (this.#down !== undefined) return;
    this.#down = { state: backup ?? this.#server.backup(), regresses: backup !== undefined };
    for (const member of this.members) {
      member.state = "down";
      member.backlog.length = 0;
      endFeeds(member);
    }
  }

  /** All members are back; each session has its whole TTL again. */
  comeUp({ replaced = false } = {}): void {
    if (this.#down === undefined) return;
    const { state, regresses } = this.#down;
    this.#raftTerm += 1;
    for (const member of this.members) {
      member.state = "in-quorum";
      member.raftTerm = this.#raftTerm;
    }
    this.#down = undefined;
    if (regresses || replaced) this.#journal.write({ kind: "store-regressed" });
    this.#cause = { cause: "restore" };
    if (replaced) this.#server.replace();
    else this.#server.restore(state);
    this.#cause = { cause: "expiry" };
  }

  /** What the store holds now. */
  backup(): MemoryBackup {
    return this.#server.backup();
  }

  /** Somebody deletes a claim. */
  deleteClaim(claim: Claim): void {
    this.#as({ cause: "by-hand" }, () => this.#server.deleteClaim(claim));
  }

  /** Somebody ends a session. */
  endSession(sessionId: string): void {
    if (!this.sessionIds.includes(sessionId)) return;
    this.#as({ cause: "by-hand" }, () => this.#server.expireSession(sessionId));
  }

  /** Somebody next to the servers writes an election's control record. */
  writeControl(election: string, text: string): void {
    const expectedVersion = this.snapshot(election).control?.version;
    this.#handle({ kind: "writeControl", body: { election, text, expectedVersion } });
  }

  #askDeposed(member: Member, request: StoreRequest, reply: (answer: MemberAnswer) => void): void {
    if (request.kind === "renew") {
      const known = member.staleSessions.has(request.body.sessionId);
      if (!this.#options.liesWhenDeposed || !known) return;
      reply({ answer: { ok: true, reply: undefined }, raftTerm: member.raftTerm });
      return;
    }
    const writes = request.kind !== "read" && request.kind !== "claims";
    if (writes && member.backlog.length < 20) member.backlog.push(request);
    if (!chance(this.#random, 0.3)) return;
    const error = new MandateError("the member has no quorum", { code: "STORE_UNAVAILABLE" });
    const { message, code, applied } = error;
    const answer = { ok: false, error: { message, code, applied, cause: undefined } } as const;
    reply({ answer, raftTerm: member.raftTerm });
  }

  #handle(request: StoreRequest): StoreAnswer {
    // What is due to expire does so now, and not in the name of the request.
    void this.#server.sessionIds;
    return this.#as(causeOf(request), () => {
      if (request.kind !== "openSession") return this.#server.handle(request);
      const { ttlMs } = request.body;
      const lateMs = between(this.#random, 0, this.#options.lateExpiryMs);
      const answer = this.#server.handle({ kind: "openSession", body: { ttlMs: ttlMs + lateMs } });
      return answer.ok ? { ok: true, reply: { ...answer.reply, ttlMs } } : answer;
    });
  }

  #as<T>(cause: Cause, act: () => T): T {
    this.#cause = cause;
    try {
      return act();
    } finally {
      this.#cause = { cause: "expiry" };
    }
  }

  #changed(election: string, snapshot: ElectionSnapshot): void {
    // While it is down no time passes for its sessions: it comes back as it was.
    if (this.#down !== undefined) return;
    const before = this.#snapshots.get(election)?.claims ?? [];
    this.#snapshots.set(election, snapshot);
    this.#writeDifference(before, snapshot.claims);
    for (const member of this.members) {
      if (member.state !== "in-quorum") continue;
      for (const feed of member.feeds) if (feed.election === election) feed.send(snapshot);
    }
  }

  #writeDifference(before: readonly Claim[], after: readonly Claim[]): void {
    const { cause, requester, term: requestedTerm = 0n } = this.#cause;
    for (const claim of before) {
      if (after.some((other) => isSame(claim, other))) continue;
      this.#journal.write({ kind: "claim-removed", claim, cause, requester, requestedTerm });
    }
    for (const claim of after) {
      if (claim.term > this.highestTerm) this.highestTerm = claim.term;
      const known = before.find((other) => isSame(claim, other));
      if (known === claim) continue;
      if (known !== undefined) this.#journal.write({ kind: "claim-updated", claim });
      else this.#journal.write({ kind: "claim-added", claim, restored: cause === "restore" });
    }
  }

  #inQuorum(): number {
    return this.members.filter(({ state }) => state === "in-quorum").length;
  }

  #member(index: number): Member {
    const member = this.members[index];
    if (member === undefined) throw new Error(`there is no member ${index}`);
    return member;
  }
}

function endFeeds(member: Member): void {
  const feeds = [...member.feeds];
  member.feeds.clear();
  for (const feed of feeds) feed.end();
}

function isSame(a: Claim, b: Claim): boolean {
  return a.term === b.term && a.id === b.id;
}

function causeOf(request: StoreRequest): Cause {
  if (request.kind === "withdraw") {
    const { sessionId, claim } = request.body;
    return { cause: "withdraw", requester: sessionId, term: claim.term };
  }
  if (request.kind === "closeSession") {
    return { cause: "close", requester: request.body.sessionId };
  }
  return { cause: "expiry" };
}
