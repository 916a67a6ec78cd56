import { hostname } from "node:os";
import type { Clock, Random } from "../time/clock.ts";
import { Election, type ElectionOptions } from "../election.ts";
import { MandateError } from "../errors.ts";
import { checkName } from "../names.ts";
import type { Candidate } from "../candidacy/registration.ts";
import { RULES, type Rules } from "./rules.ts";
import { SessionCore } from "./session-core.ts";
import type { OverrunPolicy } from "./session-host.ts";
import type { Store, StoreDescription } from "../store.ts";
import { connectStore } from "./store-loader.ts";
import { systemClock, systemRandom } from "../time/system-clock.ts";
import { TermMemory } from "./term-memory.ts";
import { resolveTimings } from "./timings.ts";

/** How a session behaves. All durations in milliseconds. */
export interface SessionOptions {
  /**
   * How long the store keeps this process's claims without hearing from it: the longest time that
   * nobody leads after a leader was lost without a trace. At least the store's floor.
   * @defaultValue 5_000, or the store's floor if that is more
   */
  readonly ttlMs?: number | undefined;
  /** Who this process is. `id` @defaultValue host name and process id */
  readonly candidate?: Partial<Candidate> | undefined;
  /** By how much the rates of two machines' clocks may differ. @defaultValue 0.01 */
  readonly drift?: number | undefined;
  /**
   * Kept between the end of a mandate and the earliest end of the session at the store.
   * @defaultValue the larger of 500 and a tenth of the TTL
   */
  readonly marginMs?: number | undefined;
  /** Time for work to stop, from signal to end of mandate. @defaultValue a tenth of the TTL */
  readonly drainMs?: number | undefined;
  /**
   * What happens when work still runs when its mandate ends: `hold` keeps the claim for as long as
   * the session lives, so that nobody else leads meanwhile; `release` gives it back, and the
   * old work runs beside the next leader's; `exit` ends this process.
   * @defaultValue "hold"
   */
  readonly onOverrun?: OverrunPolicy | undefined;
  /**
   * Added to the store's own terms. Raise it, on all candidates, above the highest term ever given
   * when a store was restored from a backup, rebuilt or replaced (`TERM_REGRESSED`).
   * @defaultValue 0n
   */
  readonly termFloor?: bigint | undefined;
  /** How long opening may take, with retries. @defaultValue 5_000 */
  readonly openTimeoutMs?: number | undefined;
  /** Gives up opening. It does not end an open session: `close()` does. */
  readonly signal?: AbortSignal | undefined;
}

/** Where time and chance come from; for tests and simulations. */
export interface SessionParts {
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** The deciding code; only a simulation that shows a guard's worth brings another. */
  readonly rules?: Rules | undefined;
  /** Ends the process, for `onOverrun: "exit"`. */
  readonly exitProcess?: (() => void) | undefined;
}

/**
 * A process's liveness at a store: one for all its elections. It heals itself: when the store loses
 * it, a new one is opened, for ever, until `close()`.
 */
export interface Session extends AsyncDisposable {
  /** This process, as the others see it. */
  readonly candidate: Candidate;
  /** True while nobody can have taken the session's claims; computed from the clock. */
  readonly valid: boolean;
  /**
   * An election to stand in or to observe.
   * @throws `INVALID_NAME`, `INVALID_OPTIONS`, `CLOSED`
   */
  election(name: string, options?: ElectionOptions): Election;
  /**
   * Ends all candidacies: aborts work, waits until it has settled, gives the mandates back, then
   * ends the session at the store. Idempotent.
   */
  close(): Promise<void>;
}

/**
 * Opens a session at a store.
 * @throws `INVALID_OPTIONS`, `INVALID_NAME`, `TTL_BELOW_FLOOR`, `UNKNOWN_STORE`, `ACCESS_DENIED`,
 * `TLS_FAILED`, `STORE_UNSUITABLE`; `STORE_UNAVAILABLE` or `TIMEOUT` after `openTimeoutMs`; and
 * what `signal` was aborted with
 */
export async function openSession(
  store: Store | StoreDescription,
  options: SessionOptions = {},
  parts: SessionParts = {},
): Promise<Session> {
  options.signal?.throwIfAborted();
  const candidate = resolveCandidate(options.candidate);
  checkOptions(options);
  const rules = parts.rules ?? RULES;
  const owned = "module" in store;
  const connected = owned ? await connectStore(store) : store;
  try {
    const core = new SessionCore({
      clock: parts.clock ?? systemClock,
      random: parts.random ?? systemRandom,
      rules,
      store: connected,
      timings: resolveTimings(options, connected.capabilities.ttlFloorMs),
      candidate,
      terms: new TermMemory(options.termFloor ?? 0n, rules.isRegressed),
      onOverrun: options.onOverrun ?? "hold",
      exitProcess: parts.exitProcess ?? (() => process.exit(70)),
      closeStore: owned ? () => connected.close() : async () => {},
    });
    await core.open({ timeoutMs: options.openTimeoutMs ?? 5_000, signal: options.signal });
    return new OpenSession(core);
  } catch (error) {
    if (owned) await connected.close();
    throw error;
  }
}

class OpenSession implements Session {
  readonly #core: SessionCore;

  constructor(core: SessionCore) {
    this.#core = core;
  }

  get candidate(): Candidate {
    return this.#core.candidate;
  }

  get valid(): boolean {
    return this.#core.remainingMs() > 0;
  }

  election(name: string, options: ElectionOptions = {}): Election {
    checkName("election", name);
    this.#core.throwIfClosed();
    return new Election(this.#core, name, options);
  }

  close(): Promise<void> {
    return this.#core.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Bounds the part that priority plays in the ranking of candidates. */
const MAX_PRIORITY = 1_000;

/** Leaves as much room again below 2^63 for the store's own terms. */
const MAX_TERM_FLOOR = 2n ** 62n;

function resolveCandidate(candidate: Partial<Candidate> = {}): Candidate {
  const { url, region, priority } = candidate;
  const id = candidate.id ?? `${hostname()}-${process.pid}`;
  checkName("candidate", id);
  if (region !== undefined) checkName("region", region);
  if (url !== undefined && !URL.canParse(url)) {
    throw invalid(
      `candidate.url ${JSON.stringify(url)} is no URL: give one such as http://10.0.0.1`,
    );
  }
  if (priority !== undefined && !(Math.abs(priority) <= MAX_PRIORITY)) {
    throw invalid(`candidate.priority is ${priority}: give a number from -1000 to 1000`);
  }
  return {
    id,
    ...(url === undefined ? {} : { url }),
    ...(region === undefined ? {} : { region }),
    ...(priority === undefined ? {} : { priority }),
  };
}

function checkOptions({ termFloor, onOverrun, openTimeoutMs }: SessionOptions): void {
  const fits = typeof termFloor === "bigint" && termFloor >= 0n && termFloor <= MAX_TERM_FLOOR;
  if (termFloor !== undefined && !fits) {
    throw invalid(`termFloor is ${termFloor}: give a bigint from 0n to 2n ** 62n`);
  }
  if (onOverrun !== undefined && !["hold", "release", "exit"].includes(onOverrun)) {
    throw invalid(`onOverrun is ${String(onOverrun)}: give "hold", "release" or "exit"`);
  }
  if (openTimeoutMs !== undefined && !(openTimeoutMs > 0)) {
    throw invalid(`openTimeoutMs is ${openTimeoutMs}: give a number above 0`);
  }
}

function invalid(message: string): MandateError {
  return new MandateError(message, { code: "INVALID_OPTIONS", applied: "no" });
}
