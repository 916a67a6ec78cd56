import type { CandidacyEvent, CandidacyState, Ended } from "./candidacy-state.ts";
import { publish } from "../events.ts";
import { MandateCore } from "../mandate.ts";
import type { SessionHost } from "../session/session-host.ts";
import type { Claim } from "../store.ts";

/** What an {@link Office} needs of its candidacy. */
export interface OfficeHolder {
  state(): CandidacyState;
  dispatch(event: CandidacyEvent): void;
  readonly over: Promise<Ended>;
}

/** A candidacy's time as a leader: hands the mandate out, ends it, watches for overruns. */
export class Office {
  readonly #host: SessionHost;
  readonly #holder: OfficeHolder;
  #mandate: MandateCore | undefined;
  #cancelOverrun: () => void = () => {};

  constructor(host: SessionHost, holder: OfficeHolder) {
    this.#host = host;
    this.#holder = holder;
  }

  /** What is left of the mandate, computed from the clock, never remembered (S4). */
  remainingMs(): number {
    const { clock, validity, rules, timings } = this.#host;
    const state = this.#holder.state();
    const reigns = state.kind === "leading" || state.kind === "verifying";
    const own = reigns ? validity : state.kind === "draining" ? state.validity : undefined;
    if (own === undefined || (reigns && own.period !== state.period)) return 0;
    return rules.validity.remainingMs(own, clock.now(), timings);
  }

  enter(claim: Claim): MandateCore {
    const { terms, candidate } = this.#host;
    terms.note(claim);
    const mandate = new MandateCore({
      election: claim.election,
      candidateId: candidate.id,
      term: terms.termOf(claim),
      remainingMs: () => this.remainingMs(),
      settle: async () => {
        this.#holder.dispatch({ type: "workSettled" });
        await this.#holder.over;
      },
    });
    this.#mandate = mandate;
    publish(() => ({
      type: "elected",
      ...this.#origin(mandate),
      validUntilMs: this.#validUntilMs(),
    }));
    return mandate;
  }

  leave(after: CandidacyState, stopReason: unknown): void {
    const mandate = this.#mandate;
    if (mandate === undefined) return;
    const reason =
      after.kind === "draining" || after.kind === "withdrawing" ? after.reason : "expired";
    publish(() => ({
      type: "draining",
      ...this.#origin(mandate),
      reason,
      validUntilMs: this.#validUntilMs(),
    }));
    if (after.kind === "draining") this.#watchOverrun(mandate);
    mandate.end(reason, reason === "stopped" ? stopReason : undefined);
  }

  /** The candidacy is over. Returns the mandate that it had. */
  close(state: Ended): MandateCore | undefined {
    this.#cancelOverrun();
    const mandate = this.#mandate;
    if (mandate === undefined) return undefined;
    const reason = mandate.endReason ?? state.reason;
    publish(() => ({ type: "ended", ...this.#origin(mandate), reason }));
    return mandate;
  }

  #watchOverrun(mandate: MandateCore): void {
    const { clock, onOverrun } = this.#host;
    this.#cancelOverrun = clock.setTimer(Math.max(0, this.remainingMs()), () => {
      if (this.#holder.state().kind !== "draining") return;
      if (this.remainingMs() > 0) return this.#watchOverrun(mandate);
      publish(() => ({ type: "overrun", ...this.#origin(mandate) }));
      if (onOverrun === "exit") this.#host.exitProcess();
      if (onOverrun === "release") this.#holder.dispatch({ type: "abandoned" });
    });
  }

  #validUntilMs(): number {
    return this.#host.clock.now().monotonicMs + this.remainingMs();
  }

  #origin(mandate: MandateCore): {
    readonly election: string;
    readonly candidateId: string;
    readonly term: bigint;
    readonly atMs: number;
  } {
    return {
      election: mandate.election,
      candidateId: mandate.candidateId,
      term: mandate.recordedTerm,
      atMs: this.#host.clock.now().monotonicMs,
    };
  }
}
