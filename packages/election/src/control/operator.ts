import { backoffMs } from "../time/backoff.ts";
import { updateControl, type ControlAccess } from "./update-control.ts";
import type { ControlRequest, TermRecord } from "./control-record.ts";
import { pause } from "../time/deadline.ts";
import { historyOf, isSameStatus, statusOf, type ElectionStatus } from "./election-status.ts";
import { hasCode, MandateError } from "../errors.ts";
import type { Claim, ElectionSnapshot } from "../store.ts";

/** What {@link ElectionOperator} works with. */
export interface OperatorAccess extends ControlAccess {
  readonly terms: { termOf(claim: Claim): bigint };
}

/** How long a wish to the leader may take. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long the leader may take to act, in milliseconds. @defaultValue 30_000 */
  readonly timeoutMs?: number | undefined;
}

/** To whom to hand over, and how long that may take. */
export interface TransferOptions extends RequestOptions {
  /** The candidate that should lead next. */
  readonly to: string;
}

const DEFAULT_REQUEST_MS = 30_000;
/** How long `observe` waits for a store that it has not seen working yet. */
const FIRST_CONTACT_MS = 5_000;
const MAX_RETRY_MS = 1_000;

/** What anyone may do to an election without standing in it. */
export class ElectionOperator {
  readonly #access: OperatorAccess;
  readonly #election: string;

  constructor(access: OperatorAccess, election: string) {
    this.#access = access;
    this.#election = election;
  }

  /** The election now: a linearizable read. */
  async status(): Promise<ElectionStatus> {
    return this.#statusOf(await this.#read());
  }

  /** The last 100 terms, oldest first; the newest may be missing for TTL/3. */
  async history(): Promise<readonly TermRecord[]> {
    return historyOf(await this.#read());
  }

  /** Maintenance: from now on nobody new leads. Who leads now stays. */
  async pause(): Promise<void> {
    await this.#setPaused(true);
  }

  /** Ends the pause. */
  async resume(): Promise<void> {
    await this.#setPaused(false);
  }

  /**
   * Asks who leads to resign, and waits until it has. Returns the election as it is then.
   * @throws `NO_LEADER`; `NOT_SUPPORTED` when a foreign program leads; `TIMEOUT`
   */
  resign(options: RequestOptions = {}): Promise<ElectionStatus> {
    return this.#request({ kind: "resign", to: undefined }, options);
  }

  /**
   * Asks who leads to resign in favour of another candidate. Best effort: returns the election with
   * whoever leads then.
   * @throws `NO_LEADER`, `UNKNOWN_CANDIDATE`, `TIMEOUT`; `NOT_SUPPORTED` when a foreign program
   * leads
   */
  transfer({ to, ...options }: TransferOptions): Promise<ElectionStatus> {
    return this.#request({ kind: "transfer", to }, options);
  }

  /**
   * The election as it changes, at once and after each change, until `signal` aborts or the loop is
   * left. Lost connections heal; changes that come fast are merged. What it says may be late: to
   * act on it, use a mandate.
   * @throws what the store throws when that does not mend itself, and the reason of `signal`
   */
  async *observe(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<ElectionStatus, void, undefined> {
    const { clock, random, store } = this.#access;
    const stop = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    const startedMs = clock.now().monotonicMs;
    let last: ElectionStatus | undefined;
    try {
      for (let failures = 0; ; failures++) {
        options.signal?.throwIfAborted();
        try {
          for await (const snapshot of store.watch(this.#election, { signal })) {
            failures = 0;
            const status = this.#statusOf(snapshot);
            if (isSameStatus(last, status)) continue;
            last = status;
            yield status;
          }
        } catch (error) {
          options.signal?.throwIfAborted();
          const waitedMs = clock.now().monotonicMs - startedMs;
          const hopeless = last === undefined && waitedMs > FIRST_CONTACT_MS;
          if (hopeless || !hasCode(error, "STORE_UNAVAILABLE", "TIMEOUT")) throw error;
        }
        await pause(clock, backoffMs(random, failures + 1, MAX_RETRY_MS), signal);
      }
    } finally {
      stop.abort();
    }
  }

  async #request(
    wish: Pick<ControlRequest, "kind" | "to">,
    { signal, timeoutMs = DEFAULT_REQUEST_MS }: RequestOptions,
  ): Promise<ElectionStatus> {
    signal?.throwIfAborted();
    let term: bigint | undefined;
    await updateControl(this.#access, this.#election, (control, snapshot) => {
      const leader = this.#requireLeader(snapshot, wish.to);
      if (leader === "already") return undefined;
      term = leader;
      return { ...control, request: { ...wish, term: leader } };
    });
    if (term === undefined) return this.status();
    const deadline = new AbortController();
    const late = new MandateError(
      `the leader of "${this.#election}" in term ${term} did not act within ${timeoutMs} ms: ` +
        "see whether it is stopped or its work does not end",
      { code: "TIMEOUT" },
    );
    const cancel = this.#access.clock.setTimer(timeoutMs, () => deadline.abort(late));
    const either = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
    try {
      return await this.#untilFollowed({ ...wish, term }, either);
    } catch (error) {
      await this.#clear(term);
      throw error;
    } finally {
      cancel();
    }
  }

  /** The term that a wish is for, or "already" when it is fulfilled. */
  #requireLeader(snapshot: ElectionSnapshot, to: string | undefined): bigint | "already" {
    const { leader, contenders } = this.#statusOf(snapshot);
    if (leader === undefined) {
      throw new MandateError(`nobody leads "${this.#election}": there is nobody to ask`, {
        code: "NO_LEADER",
        applied: "no",
      });
    }
    if (leader.foreign) {
      throw new MandateError(
        `"${this.#election}" is led by a program that knows no such wishes ` +
          `(${leader.candidate.id}): stop it by its own means`,
        { code: "NOT_SUPPORTED", applied: "no" },
      );
    }
    if (to === undefined) return leader.term;
    if (leader.candidate.id === to) return "already";
    const known = contenders.filter(({ foreign }) => !foreign).map(({ candidate }) => candidate.id);
    if (known.includes(to)) return leader.term;
    throw new MandateError(
      `no candidate "${to}" stands in "${this.#election}"; there are: ${known.join(", ")}`,
      { code: "UNKNOWN_CANDIDATE", applied: "no" },
    );
  }

  /** Waits for the next leader: the one wished for, or one that has taken office for sure. */
  async #untilFollowed(wish: ControlRequest, signal: AbortSignal): Promise<ElectionStatus> {
    const { store } = this.#access;
    for (let failures = 0; ; failures++) {
      try {
        for await (const snapshot of store.watch(this.#election, { signal })) {
          failures = 0;
          const status = this.#statusOf(snapshot);
          const { leader } = status;
          if (leader?.term === wish.term) continue;
          if (wish.kind === "resign" || leader?.candidate.id === wish.to) return status;
          const recorded = historyOf(snapshot).at(-1)?.term;
          if (recorded !== undefined && recorded > wish.term && recorded === leader?.term) {
            return status;
          }
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!hasCode(error, "STORE_UNAVAILABLE", "TIMEOUT")) throw error;
      }
      const { clock, random } = this.#access;
      await pause(clock, backoffMs(random, failures + 1, MAX_RETRY_MS), signal);
      signal.throwIfAborted();
    }
  }

  /** Takes a wish back that nobody has fulfilled. */
  async #clear(term: bigint): Promise<void> {
    await updateControl(this.#access, this.#election, (control) =>
      control.request?.term === term ? { ...control, request: undefined } : undefined,
    ).catch(() => {
      // The caller gets the failure that led here; a wish that stays is for one term only.
    });
  }

  async #setPaused(paused: boolean): Promise<void> {
    await updateControl(this.#access, this.#election, (control) =>
      control.paused === paused ? undefined : { ...control, paused },
    );
  }

  #read(): Promise<ElectionSnapshot> {
    return this.#access.call(`reading "${this.#election}"`, (signal) =>
      this.#access.store.read(this.#election, { signal }),
    );
  }

  #statusOf(snapshot: ElectionSnapshot): ElectionStatus {
    return statusOf(this.#election, snapshot, (claim) => this.#access.terms.termOf(claim));
  }
}
