import type { TermRecord } from "./control/control-record.ts";
import type { ElectionStatus } from "./control/election-status.ts";
import { MandateError } from "./errors.ts";
import { publish } from "./events.ts";
import type { HealthCheck } from "./candidacy/health-monitor.ts";
import type { HeldMandate, Mandate, MandateCore } from "./mandate.ts";
import { ElectionOperator, type RequestOptions, type TransferOptions } from "./control/operator.ts";
import type { Preferences } from "./candidacy/preference.ts";
import type { SessionCore } from "./session/session-core.ts";
import { Standing } from "./candidacy/standing.ts";

/** How this process stands in an election. */
export interface ElectionOptions {
  /**
   * Whether this process could do the work; asked every TTL/3 with that deadline. After two
   * failures the candidate is unhealthy: it lets healthy ones lead, and leads only when there has
   * been none for a TTL. Without it, always healthy.
   */
  readonly health?: HealthCheck | undefined;
  /** Regions whose candidates should lead, best first. @defaultValue [] */
  readonly preferredRegions?: readonly string[] | undefined;
  /**
   * How long a leader stays, in milliseconds, before it makes room for a candidate of a preferred
   * region or of larger priority. @defaultValue 60_000
   */
  readonly minimumTenureMs?: number | undefined;
}

/** What ends a wait, or a lead. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What a leader does: from its first line to its last it may rely on `mandate`. */
export type Work<T> = (mandate: Mandate) => Promise<T> | T;

/** An election, as a process takes part in it. Made by `session.election(name)`. */
export class Election {
  readonly name: string;
  readonly #core: SessionCore;
  readonly #health: HealthCheck | undefined;
  readonly #preferences: Preferences;
  readonly #operator: ElectionOperator;

  /** Use `session.election(name)`. */
  constructor(core: SessionCore, name: string, options: ElectionOptions) {
    const { minimumTenureMs = 60_000, preferredRegions = [], health } = options;
    if (!(minimumTenureMs >= 0)) {
      throw new MandateError(`minimumTenureMs is ${minimumTenureMs}: give a number of 0 or more`, {
        code: "INVALID_OPTIONS",
        applied: "no",
      });
    }
    this.name = name;
    this.#core = core;
    this.#health = health;
    this.#preferences = { preferredRegions, minimumTenureMs };
    this.#operator = new ElectionOperator(core, name);
  }

  /**
   * Stands, and runs `work` each time this process is elected, with a mandate. What ends it:
   * - `work` returns: the mandate is given back, and `lead` resolves with the value;
   * - `work` throws: the mandate is given back, and `lead` rejects with the error;
   * - `signal` aborts: work is told, awaited, the mandate given back, and `lead` rejects with the
   *   reason.
   * A lost mandate does not end it: work is told through `mandate.signal` and awaited, whatever it
   * returns or throws then; the process stands again, and work runs again under a new mandate.
   * The claim is given back only after the work has settled.
   * @throws `ALREADY_STANDING`, `TERM_REGRESSED`, `CLOSED`
   */
  async lead<T>(work: Work<T>, { signal }: WaitOptions = {}): Promise<T> {
    signal?.throwIfAborted();
    const standing = this.#stand(signal);
    try {
      await standing.start();
      for (;;) {
        const mandate = await standing.elected();
        const outcome = await settled(work, mandate);
        const lost = mandate.endReason;
        await mandate.resign();
        signal?.throwIfAborted();
        this.#core.throwIfClosed();
        if (lost === undefined) return outcome();
        this.#reportFailure(mandate, outcome);
      }
    } finally {
      await standing.end();
    }
  }

  /**
   * Stands until elected, and returns the mandate: the lower-level form of `lead`. The holder
   * stops its work when `mandate.signal` aborts, and calls `resign()` when the work has ended,
   * after a loss too: only then can this process stand again. `signal` aborts the wait, and later
   * the
   * mandate.
   * @throws `ALREADY_STANDING`, `TERM_REGRESSED`, `CLOSED`, the reason of `signal`
   */
  async campaign({ signal }: WaitOptions = {}): Promise<HeldMandate> {
    signal?.throwIfAborted();
    const standing = this.#stand(signal);
    try {
      await standing.start();
      const mandate = await standing.elected();
      void standing.over().then(() => standing.end());
      return mandate;
    } catch (error) {
      await standing.end();
      throw error;
    }
  }

  /** The election as it changes: see {@link ElectionOperator.observe}. */
  observe(options: WaitOptions = {}): AsyncGenerator<ElectionStatus, void, undefined> {
    return this.#operator.observe(options);
  }

  /** The election now: a linearizable read. */
  status(): Promise<ElectionStatus> {
    return this.#operator.status();
  }

  /** The last 100 terms, oldest first; the newest may be missing for TTL/3. */
  history(): Promise<readonly TermRecord[]> {
    return this.#operator.history();
  }

  /** Asks whoever leads to resign: see {@link ElectionOperator.resign}. */
  resign(options: RequestOptions = {}): Promise<ElectionStatus> {
    return this.#operator.resign(options);
  }

  /** Asks whoever leads to hand over: see {@link ElectionOperator.transfer}. */
  transfer(options: TransferOptions): Promise<ElectionStatus> {
    return this.#operator.transfer(options);
  }

  /** Maintenance: from now on nobody new leads. Who leads now stays. */
  pause(): Promise<void> {
    return this.#operator.pause();
  }

  /** Ends the pause. */
  resume(): Promise<void> {
    return this.#operator.resume();
  }

  #stand(signal: AbortSignal | undefined): Standing {
    const election = this.name;
    const [health, preferences] = [this.#health, this.#preferences];
    return new Standing(this.#core, { election, health, preferences, signal });
  }

  /** The mandate was lost, so nobody waits for what became of the work: tell who listens. */
  #reportFailure(mandate: MandateCore, outcome: () => unknown): void {
    try {
      outcome();
    } catch (error) {
      if (error === mandate.signal.reason) return;
      publish(() => ({
        type: "work-failed",
        election: this.name,
        candidateId: mandate.candidateId,
        term: mandate.recordedTerm,
        atMs: this.#core.clock.now().monotonicMs,
        error,
      }));
    }
  }
}

/** Runs the work to its end. The outcome returns its value, or throws what it threw. */
async function settled<T>(work: Work<T>, mandate: Mandate): Promise<() => T> {
  try {
    const value = await work(mandate);
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
