import { MandateError } from "./errors.ts";
import type { EndReason } from "./candidacy/candidacy-state.ts";

/**
 * What an elected leader holds. `active`, `term` and `check()` are computed from the clock at each
 * read: a process that was paused finds its mandate gone before its next side effect. What a paused
 * process had already sent is stopped at the resource, by the term: see `Fence`.
 */
export interface Mandate {
  readonly election: string;
  /** The candidate that holds it. */
  readonly candidateId: string;
  /**
   * The fencing token: greater than that of every leader before. Send it with each side effect.
   * @throws `MANDATE_LOST` once the mandate is no longer valid
   */
  readonly term: bigint;
  /** True while nobody else can lead. */
  readonly active: boolean;
  /** What is left of it, in milliseconds, if no renewal is confirmed; 0 when it is over. */
  readonly remainingMs: number;
  /**
   * Aborts when the work has to stop: `drainMs` before the mandate's end, or at once when it was
   * taken away. In a running process that is before anyone else may lead.
   */
  readonly signal: AbortSignal;
  /**
   * Call it before each side effect.
   * @throws `MANDATE_LOST` once the mandate is no longer valid
   */
  check(): void;
  /** For logs: never throws, and keeps the term after the end. */
  toJSON(): MandateRecord;
}

/** A mandate as plain data. */
export interface MandateRecord {
  readonly election: string;
  readonly candidateId: string;
  /** Decimal. */
  readonly term: string;
  readonly active: boolean;
}

/** A mandate that its holder gives back; from `campaign`. */
export interface HeldMandate extends Mandate, AsyncDisposable {
  /**
   * Says that the work has ended, and gives the mandate back. Resolves when the claim is gone from
   * the store, so that the next one can lead. Needed after a loss, too. Idempotent.
   */
  resign(): Promise<void>;
}

/** What a {@link MandateCore} asks of the candidacy behind it. */
export interface MandateSource {
  readonly election: string;
  readonly candidateId: string;
  readonly term: bigint;
  /** Computed from the clock now. */
  remainingMs(): number;
  /** Tells that the work has ended; resolves when the candidacy is over. */
  settle(): Promise<void>;
}

/** The mandate as its candidacy sees it: with the means to end it. */
export class MandateCore implements HeldMandate {
  readonly #source: MandateSource;
  /** Made when somebody asks for the signal: most of those who resign at once never do. */
  #ended: AbortController | undefined;
  #endReason: EndReason | undefined;
  #abortReason: unknown;

  constructor(source: MandateSource) {
    this.#source = source;
  }

  get election(): string {
    return this.#source.election;
  }

  get candidateId(): string {
    return this.#source.candidateId;
  }

  get term(): bigint {
    this.check();
    return this.#source.term;
  }

  get active(): boolean {
    return this.remainingMs > 0;
  }

  get remainingMs(): number {
    return Math.max(0, this.#source.remainingMs());
  }

  get signal(): AbortSignal {
    if (this.#ended === undefined) {
      this.#ended = new AbortController();
      if (this.#endReason !== undefined) this.#abort(this.#ended, this.#endReason);
    }
    return this.#ended.signal;
  }

  /** The term whether or not the mandate is still valid: for records, never for side effects. */
  get recordedTerm(): bigint {
    return this.#source.term;
  }

  /** Why it ended, once it has. */
  get endReason(): EndReason | undefined {
    return this.#endReason;
  }

  check(): void {
    if (this.active) return;
    throw lost(this.#source, this.#endReason ?? "expired");
  }

  toJSON(): MandateRecord {
    const { election, candidateId, term } = this.#source;
    return { election, candidateId, term: term.toString(), active: this.active };
  }

  resign(): Promise<void> {
    return this.#source.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resign();
  }

  /** Aborts the signal, with `abortReason` when the caller's own signal was the cause. */
  end(reason: EndReason, abortReason: unknown): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.#abortReason = abortReason;
    if (this.#ended !== undefined) this.#abort(this.#ended, reason);
  }

  #abort(controller: AbortController, reason: EndReason): void {
    controller.abort(this.#abortReason ?? lost(this.#source, reason));
  }
}

const EXPLANATIONS: Readonly<Record<EndReason, string>> = {
  resigned: "it was asked to resign",
  transferred: "it was asked to hand over to another candidate",
  unhealthy: "its health check fails and a healthy candidate stands",
  preempted: "a preferred candidate stands",
  completed: "its work has ended",
  stopped: "it was stopped",
  expired: "no renewal was confirmed in time",
  "session-lost": "the store ended its session",
  "claim-gone": "its claim was removed from the store",
  "term-regressed": "the store's terms have fallen",
};

function lost(
  { election, term }: { readonly election: string; readonly term: bigint },
  reason: EndReason,
): MandateError {
  return new MandateError(
    `the mandate for "${election}" in term ${term} is over: ${EXPLANATIONS[reason]}; stop the work`,
    { code: "MANDATE_LOST" },
  );
}
