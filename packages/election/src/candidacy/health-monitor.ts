import { pause, withDeadline } from "../time/deadline.ts";
import { publish } from "../events.ts";
import type { SessionHost } from "../session/session-host.ts";

/** Says whether this process could do the work: resolve to say yes, throw or hang to say no. */
export type HealthCheck = (options: { readonly signal: AbortSignal }) => unknown;

/** So many failures in a row make a candidate unhealthy (L4). */
const MAX_FAILURES = 2;

/**
 * Asks a health check every TTL/3, with that deadline (L4). Unhealthy until it first said yes.
 */
export class HealthMonitor {
  readonly #host: SessionHost;
  readonly #election: string;
  readonly #check: HealthCheck;
  readonly #onRound: (changed: boolean) => void;
  readonly #stop = new AbortController();
  #failures = MAX_FAILURES;
  #done: Promise<void> = Promise.resolve();

  constructor(
    host: SessionHost,
    options: {
      readonly election: string;
      readonly check: HealthCheck;
      /** After each answer. */
      readonly onRound: (changed: boolean) => void;
    },
  ) {
    this.#host = host;
    this.#election = options.election;
    this.#check = options.check;
    this.#onRound = options.onRound;
  }

  get healthy(): boolean {
    return this.#failures < MAX_FAILURES;
  }

  /** Resolves after the first answer, or its deadline. */
  async start(): Promise<void> {
    await this.#round();
    this.#done = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { clock, timings } = this.#host;
    for (;;) {
      await pause(clock, timings.renewEveryMs, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      await this.#round();
    }
  }

  async #round(): Promise<void> {
    const before = this.healthy;
    const error = await this.#ask();
    if (this.#stop.signal.aborted) return;
    this.#failures = error === undefined ? 0 : this.#failures + 1;
    const changed = this.healthy !== before;
    const { candidate, clock } = this.#host;
    if (changed) {
      publish(() => ({
        type: "health-changed",
        election: this.#election,
        candidateId: candidate.id,
        atMs: clock.now().monotonicMs,
        healthy: this.healthy,
        error,
      }));
    }
    this.#onRound(changed);
  }

  /** What the check failed with; undefined when it passed. */
  async #ask(): Promise<unknown> {
    const { clock, timings } = this.#host;
    const deadline = { what: "the health check", deadlineMs: timings.renewEveryMs };
    try {
      await withDeadline(clock, deadline, async (signal) => {
        await this.#check({ signal });
      });
      return undefined;
    } catch (error) {
      // Any failure of the check is its answer: it is counted, and published when it matters.
      return error ?? new Error("the health check failed");
    }
  }
}
