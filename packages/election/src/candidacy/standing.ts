import { registrationOf } from "./candidacy-call.ts";
import { Candidacy } from "./candidacy.ts";
import type { EndReason } from "./candidacy-state.ts";
import { MandateError } from "../errors.ts";
import { publish } from "../events.ts";
import { HealthMonitor, type HealthCheck } from "./health-monitor.ts";
import type { MandateCore } from "../mandate.ts";
import type { Preferences } from "./preference.ts";
import { decodeRegistration } from "./registration.ts";
import type { SessionCore } from "../session/session-core.ts";
import type { Claim } from "../store.ts";

/** What a {@link Standing} is for. */
export interface StandingOptions {
  readonly election: string;
  readonly health: HealthCheck | undefined;
  readonly preferences: Preferences;
  readonly signal: AbortSignal | undefined;
}

/**
 * A leader that was elected without waiting watches its election from then on, in milliseconds. Who
 * resigns before that is spared the watch, which costs as much as the election itself.
 */
const WATCH_AFTER_MS = 100;

/** A process's wish to lead one election, from its first candidacy to its last. */
export class Standing {
  readonly #core: SessionCore;
  readonly #options: StandingOptions;
  readonly #health: HealthMonitor;
  readonly #giveUpPlace: () => void;
  #candidacy: Candidacy | undefined;
  #updating = false;

  /** @throws `CLOSED`, `ALREADY_STANDING` */
  constructor(core: SessionCore, options: StandingOptions) {
    core.throwIfClosed();
    this.#core = core;
    this.#options = options;
    this.#giveUpPlace = core.takePlace(options.election);
    this.#health = new HealthMonitor(core, {
      election: options.election,
      check: options.health,
      onRound: (changed) => this.#afterHealthRound(changed),
    });
    options.signal?.addEventListener("abort", this.#onAbort);
  }

  /** Resolves after the first answer of the health check. */
  start(): Promise<void> {
    return this.#health.start();
  }

  /**
   * Stands until elected.
   * @throws `TERM_REGRESSED`, `CLOSED`, the reason of the signal
   */
  async elected(): Promise<MandateCore> {
    const { election, preferences, signal } = this.#options;
    signal?.throwIfAborted();
    this.#core.throwIfClosed();
    const won = Promise.withResolvers<MandateCore>();
    const startedAtMs = new Map<MandateCore, number>();
    let cancelListening = (): void => {};
    const listen = (): void => {
      cancelListening();
      cancelListening = this.#core.watch(election).listen((snapshot) => candidacy.hint(snapshot));
    };
    const candidacy = new Candidacy(this.#core, {
      election,
      preferences,
      healthy: () => this.#health.healthy,
      onStood: (leads) => {
        if (!leads) return listen();
        cancelListening();
        cancelListening = this.#core.clock.setTimer(WATCH_AFTER_MS, listen, { background: true });
      },
      onElected: (mandate) => {
        startedAtMs.set(mandate, this.#core.clock.now().wallMs);
        this.#record(mandate, { startedAtMs: this.#core.clock.now().wallMs, ended: false });
        won.resolve(mandate);
      },
      onMandateEnded: (mandate) => {
        this.#record(mandate, { startedAtMs: startedAtMs.get(mandate) ?? 0, ended: true });
      },
      onStored: (claim) => {
        this.#registered = { claim, healthy: decodeRegistration(claim.registration)?.healthy };
      },
    });
    this.#candidacy = candidacy;
    this.#core.join(candidacy);
    void candidacy.over.then(({ reason }) => {
      cancelListening();
      this.#core.leave(candidacy);
      won.reject(this.#failure(candidacy, reason));
    });
    candidacy.start();
    return won.promise;
  }

  /** Call it when the last candidacy is over. */
  async end(): Promise<void> {
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#giveUpPlace();
    await this.#health.close();
  }

  /** Resolves when the candidacy of the last mandate is over. */
  async over(): Promise<void> {
    await this.#candidacy?.over;
  }

  readonly #onAbort = (): void => {
    this.#candidacy?.stop(this.#options.signal?.reason);
  };

  #failure(candidacy: Candidacy, reason: EndReason): unknown {
    const { election } = this.#options;
    if (reason !== "term-regressed") return candidacy.stopReason;
    const highest = this.#core.terms.highest(election);
    return new MandateError(
      `the store gives "${election}" terms below ${highest ?? "those in its history"}, which led ` +
        "already: it was restored or replaced. Raise termFloor on all candidates above the " +
        "highest term ever given",
      { code: "TERM_REGRESSED" },
    );
  }

  #record(
    mandate: MandateCore,
    { startedAtMs, ended }: { readonly startedAtMs: number; readonly ended: boolean },
  ): void {
    this.#core.journal(this.#options.election).note({
      term: mandate.recordedTerm,
      candidateId: mandate.candidateId,
      startedAtMs,
      endedAtMs: ended ? this.#core.clock.now().wallMs : undefined,
      endReason: ended ? mandate.endReason : undefined,
    });
  }

  #afterHealthRound(changed: boolean): void {
    const claim = this.#candidacy?.claim;
    if (claim !== undefined) void this.#updateRegistration(claim);
    if (changed) this.#candidacy?.doubt();
  }

  /** Keeps what the store says of this candidate's health true. Tried again each round. */
  async #updateRegistration(claim: Claim): Promise<void> {
    const { healthy } = this.#health;
    const known =
      this.#registered?.claim.term === claim.term ? this.#registered.healthy : undefined;
    if (this.#updating || (known ?? decodeRegistration(claim.registration)?.healthy) === healthy) {
      return;
    }
    this.#updating = true;
    const { current } = this.#core;
    try {
      const registration = registrationOf(this.#core, claim, healthy);
      await this.#core.call("updating the registration", async (signal) =>
        current?.update({ claim, registration }, { signal }),
      );
      this.#registered = { claim, healthy };
    } catch (error) {
      const { candidate, clock } = this.#core;
      publish(() => ({
        type: "call-failed",
        election: claim.election,
        call: "update",
        error,
        candidateId: candidate.id,
        atMs: clock.now().monotonicMs,
      }));
    } finally {
      this.#updating = false;
    }
  }

  #registered: { readonly claim: Claim; readonly healthy: boolean | undefined } | undefined;
}
