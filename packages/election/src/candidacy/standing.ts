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
 * How long after its election a leader that did not have to wait for it begins to watch it, in
 * milliseconds: short work is spared a watch that would cost as much as all the rest.
 */
const WATCH_AFTER_MS = 100;

/** A process's wish to lead one election, from its first candidacy to its last. */
export class Standing {
  readonly #core: SessionCore;
  readonly #options: StandingOptions;
  /** Without it, always healthy. */
  readonly #health: HealthMonitor | undefined;
  readonly #giveUpPlace: () => void;
  #candidacy: Candidacy | undefined;
  #updating = false;

  /** @throws `CLOSED`, `ALREADY_STANDING` */
  constructor(core: SessionCore, options: StandingOptions) {
    core.throwIfClosed();
    this.#core = core;
    this.#options = options;
    this.#giveUpPlace = core.takePlace(options.election);
    const { election, health: check } = options;
    if (check !== undefined) {
      const onRound = (changed: boolean): void => this.#afterHealthRound(changed);
      this.#health = new HealthMonitor(core, { election, check, onRound });
    }
    options.signal?.addEventListener("abort", this.#onAbort);
  }

  /** Resolves after the first answer of the health check. */
  async start(): Promise<void> {
    await this.#health?.start();
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
    let startedAtMs = 0;
    let cancelListening = (): void => {};
    const listen = (): void => {
      cancelListening();
      cancelListening = this.#core.watch(election).listen((snapshot) => candidacy.hint(snapshot));
    };
    const candidacy = new Candidacy(this.#core, {
      election,
      preferences,
      healthy: () => this.#healthy,
      onStood: (leads) => {
        if (!leads) return listen();
        cancelListening();
        const listenIfLeading = (): void => {
          if (candidacy.claim !== undefined) listen();
        };
        cancelListening = this.#core.clock.setTimer(WATCH_AFTER_MS, listenIfLeading, {
          background: true,
        });
      },
      onElected: (mandate) => {
        startedAtMs = this.#core.wallMs;
        this.#record(mandate, { startedAtMs, ended: false });
        won.resolve(mandate);
      },
      onMandateEnded: (mandate) => {
        this.#record(mandate, { startedAtMs, ended: true });
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
    await this.#health?.close();
  }

  /** Resolves when the candidacy of the last mandate is over. */
  async over(): Promise<void> {
    await this.#candidacy?.over;
  }

  get #healthy(): boolean {
    return this.#health?.healthy ?? true;
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
      endedAtMs: ended ? this.#core.wallMs : undefined,
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
    const healthy = this.#healthy;
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
