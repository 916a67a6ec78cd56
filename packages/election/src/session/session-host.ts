import type { Clock, Random } from "../time/clock.ts";
import type { Candidate } from "../candidacy/registration.ts";
import type { ControlMemory } from "../control/control-memory.ts";
import type { Rules } from "./rules.ts";
import type { Claim, ElectionSnapshot, Store, StoreSession } from "../store.ts";
import type { TermMemory } from "./term-memory.ts";
import type { Timings } from "./timings.ts";
import type { Validity } from "./validity.ts";

/** What happens when work outlives its mandate (S5). */
export type OverrunPolicy = "hold" | "release" | "exit";

/** What a candidacy needs of the session that it belongs to. */
export interface SessionHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly rules: Rules;
  readonly store: Store;
  readonly timings: Timings;
  readonly candidate: Candidate;
  readonly terms: TermMemory;
  readonly controls: ControlMemory;
  readonly onOverrun: OverrunPolicy;
  /** The session at the store as it is now; undefined while there is none. */
  readonly current: StoreSession | undefined;
  readonly validity: Validity | undefined;
  /** One call to the store, with a deadline of its own, when it is its turn. */
  call<T>(what: string, run: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** The same without waiting for a turn: for what keeps the session alive. */
  callAtOnce<T>(what: string, run: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Somebody heard that the session is gone: ask the store now. */
  doubtSession(): void;
  /** Ends this process, at once. */
  exitProcess(): void;
}

/** What the session tells each of its candidacies. */
export interface SessionMember {
  readonly election: string;
  /** Resolves when the candidacy is over. Never rejects. */
  readonly over: Promise<unknown>;
  /** A session was opened, or its renewal was confirmed. */
  renewed(): void;
  sessionLost(): void;
  /** Compare the clock first: called before anything new is believed. */
  settle(): void;
  stop(reason: unknown): void;
  /** The claims of its session, as the store has them: one may be missing (S6). */
  audit(claims: readonly Claim[]): void;
  /** Whether the candidacy accounts for this claim of its session (S6). */
  knows(claim: Claim): boolean;
}

/** Somebody who wants to hear how an election looks. */
export type SnapshotListener = (snapshot: ElectionSnapshot) => void;
