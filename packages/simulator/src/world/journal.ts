import type { Claim, ElectionEvent, ElectionSnapshot, Instant } from "@mandate/election";

/** Why a claim left the store. */
export type RemovalCause = "withdraw" | "close" | "expiry" | "by-hand" | "restore";

/** Names a mandate. */
export interface MandateName {
  readonly process: number;
  readonly election: string;
  readonly term: bigint;
}

/** What can be seen of the world from outside of the code under test. */
export type JournalEntry =
  /** What the code says of itself, on its diagnostics channel. */
  | { readonly kind: "event"; readonly process: number; readonly event: ElectionEvent }
  | { readonly kind: "process-started"; readonly process: number; readonly incarnation: number }
  | { readonly kind: "session-opening"; readonly process: number }
  | { readonly kind: "process-ended"; readonly process: number; readonly cause: string }
  /** A process wishes to lead, and no longer does. */
  | { readonly kind: "lead-started"; readonly process: number; readonly election: string }
  | {
      readonly kind: "lead-ended";
      readonly process: number;
      readonly election: string;
      readonly outcome: string;
    }
  | ({ readonly kind: "work-started" } & MandateName)
  /** The work found its mandate valid, right before a side effect. */
  | ({ readonly kind: "work-acts" } & MandateName)
  | ({ readonly kind: "work-settled" } & MandateName)
  /** The resource answered a read, or a write, of this term. */
  | { readonly kind: "resource-read"; readonly election: string; readonly term: bigint }
  | {
      readonly kind: "resource-write";
      readonly election: string;
      readonly term: bigint;
      readonly admitted: boolean;
    }
  | { readonly kind: "claim-added"; readonly claim: Claim; readonly restored: boolean }
  | { readonly kind: "claim-updated"; readonly claim: Claim }
  | {
      readonly kind: "claim-removed";
      readonly claim: Claim;
      readonly cause: RemovalCause;
      /** The session whose request it was. */
      readonly requester: string | undefined;
      /** The term of the claim that was asked to be removed; 0 when it was all of a session's. */
      readonly requestedTerm: bigint;
    }
  /** A snapshot reached a process: by a linearizable answer, or by a watch. */
  | {
      readonly kind: "seen";
      readonly process: number;
      readonly source: "answer" | "watch";
      readonly snapshot: ElectionSnapshot;
      readonly election: string;
    }
  /** What the health check of a process says from now on. */
  | {
      readonly kind: "health";
      readonly process: number;
      readonly election: string;
      readonly healthy: boolean;
    }
  /** The store went back in time, or was replaced: terms fall, claims of later are gone. */
  | { readonly kind: "store-regressed" }
  /** All candidates add this to the store's terms from now on. */
  | { readonly kind: "term-floor-raised"; readonly termFloor: bigint }
  | { readonly kind: "fault"; readonly text: string }
  /** From now on nothing fails any more. */
  | { readonly kind: "healed" }
  /** Nothing happens: a moment for checkers to look at how long things take. */
  | { readonly kind: "tick" };

/** A broken promise. */
export interface Violation {
  /** The invariant, as `SPEC.md` of the election package numbers it. */
  readonly invariant: string;
  readonly message: string;
  readonly atMs: number;
}

/** What a checker may look at besides the entries. */
export interface Observer {
  /** True time, in milliseconds. */
  nowMs(): number;
  /** What a process's clocks show now. */
  clockOf(process: number): Instant;
}

/** Watches the journal for one invariant. It never sees the code under test. */
export interface Checker {
  see(entry: JournalEntry, report: (message: string, invariant?: string) => void): void;
}

/** What reads the journal along. */
export type JournalReader = (entry: JournalEntry, atMs: number) => void;

/** Everything that happens, in order: read by the checkers as it comes. */
export class Journal {
  readonly violations: Violation[] = [];
  readonly #nowMs: () => number;
  readonly #checkers: readonly (readonly [string, Checker])[];
  readonly #reader: JournalReader | undefined;

  constructor(
    nowMs: () => number,
    checkers: Readonly<Record<string, Checker>>,
    reader: JournalReader | undefined,
  ) {
    this.#nowMs = nowMs;
    this.#checkers = Object.entries(checkers);
    this.#reader = reader;
  }

  write(entry: JournalEntry): void {
    this.#reader?.(entry, this.#nowMs());
    for (const [invariant, checker] of this.#checkers) {
      checker.see(entry, (message, other) => {
        this.violate(other ?? invariant, message);
      });
    }
  }

  violate(invariant: string, message: string): void {
    this.violations.push({ invariant, message, atMs: this.#nowMs() });
  }
}
