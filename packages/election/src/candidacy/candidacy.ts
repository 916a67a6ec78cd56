import { backoffMs } from "../time/backoff.ts";
import { callKey, runCall } from "./candidacy-call.ts";
import type { CandidacyContext, CandidacyEvent, CandidacyState, Ended } from "./candidacy-state.ts";
import type { ControlRecord } from "../control/control-record.ts";
import { publish } from "../events.ts";
import type { MandateCore } from "../mandate.ts";
import { Office } from "./office.ts";
import type { Preferences } from "./preference.ts";
import { decodeRegistration } from "./registration.ts";
import type { SessionHost, SessionMember } from "../session/session-host.ts";
import type { Claim, ElectionSnapshot } from "../store.ts";
import { INITIAL_STATE } from "./transition.ts";

/** What a candidacy is told about its election and its owner. */
export interface CandidacyOptions {
  readonly election: string;
  readonly preferences: Preferences;
  readonly healthy: () => boolean;
  /** A request to stand is over, one way or another; `leads`: it made a leader. */
  readonly onStood: (leads: boolean) => void;
  readonly onElected: (mandate: MandateCore) => void;
  readonly onMandateEnded: (mandate: MandateCore) => void;
  /** What the store really says of the claim: an earlier update may have landed late. */
  readonly onStored: (claim: Claim) => void;
}

/**
 * The thin loop around the pure machine: turns what happens into events, and what a state needs
 * into one call to the store at a time.
 */
export class Candidacy implements SessionMember {
  readonly #host: SessionHost;
  readonly #options: CandidacyOptions;
  readonly #office: Office;
  readonly #over = Promise.withResolvers<Ended>();
  #state: CandidacyState = INITIAL_STATE;
  #callInFlight = false;
  #pending: { readonly key: string; readonly cancel: () => void } | undefined;
  #unseenHint: ElectionSnapshot | undefined;
  #stopReason: unknown;

  constructor(host: SessionHost, options: CandidacyOptions) {
    this.#host = host;
    this.#options = options;
    this.#office = new Office(host, {
      state: () => this.#state,
      dispatch: (event) => this.dispatch(event),
      over: this.#over.promise,
    });
  }

  get election(): string {
    return this.#options.election;
  }

  get state(): CandidacyState {
    return this.#state;
  }

  /** Resolves when it is over, for good. Never rejects. */
  get over(): Promise<Ended> {
    return this.#over.promise;
  }

  /** Stands, now or as soon as there is a session. */
  start(): void {
    this.#act();
  }

  renewed(): void {
    if (this.#state.kind === "idle") this.#act();
  }

  sessionLost(): void {
    this.dispatch({ type: "sessionLost" });
  }

  /** Why it was told to stop, once it was. */
  get stopReason(): unknown {
    return this.#stopReason;
  }

  stop(reason: unknown): void {
    this.#stopReason ??= reason;
    this.dispatch({ type: "stop" });
  }

  /** Demotes first, from the clock, whatever else is going to happen (S4). */
  settle(): void {
    if (this.#state.kind !== "leading" && this.#state.kind !== "verifying") return;
    if (this.#office.remainingMs() <= this.#host.timings.drainMs) this.#apply({ type: "drainDue" });
  }

  dispatch(event: CandidacyEvent): void {
    if ("snapshot" in event) this.#noteLeader(event.snapshot);
    this.settle();
    this.#apply(event);
  }

  /** A watch has seen the election: kept until there is a state that can make use of it. */
  hint(snapshot: ElectionSnapshot): void {
    this.#unseenHint = snapshot;
    const { current } = this.#host;
    this.#noteLeader(snapshot);
    const idle = this.#state.kind === "idle";
    // Nothing stands, so a claim of this session is a stray: the audit removes it (S6).
    if (idle && snapshot.claims.some(({ sessionId }) => sessionId === current?.id)) {
      this.#host.doubtSession();
    }
    this.#takeHint();
  }

  /** Something is reason to look at the queue again. */
  doubt(): void {
    this.dispatch({ type: "doubted" });
  }

  audit(claims: readonly Claim[]): void {
    const state = this.#state;
    if (state.kind !== "waiting" && state.kind !== "leading") return;
    const own = claims.find((claim) => this.knows(claim));
    if (own === undefined) this.doubt();
    else this.#options.onStored(own);
  }

  /** The claim that it holds, for its registration to be kept current. */
  get claim(): Claim | undefined {
    const state = this.#state;
    const held =
      state.kind === "waiting" || state.kind === "confirming" || state.kind === "leading";
    return held || state.kind === "verifying" ? state.claim : undefined;
  }

  knows(claim: Claim): boolean {
    const state = this.#state;
    if (state.kind === "idle" || state.kind === "ended") return false;
    if ("claim" in state && state.claim !== undefined) {
      return state.claim.term === claim.term && state.claim.id === claim.id;
    }
    // What an unanswered attempt made is this candidacy's to confirm or to remove.
    const attemptId = "attemptId" in state ? state.attemptId : undefined;
    return decodeRegistration(claim.registration)?.attemptId === attemptId;
  }

  /** Terms of others count too when a fall is to be found (S2). */
  #noteLeader({ claims }: ElectionSnapshot): void {
    const { current, terms } = this.#host;
    const [first] = claims;
    if (first !== undefined && first.sessionId !== current?.id) terms.note(first);
  }

  #apply(event: CandidacyEvent): void {
    if (event.type === "stood") this.#noteTerm(event.snapshot);
    const before = this.#state;
    const after = this.#next(event);
    this.#state = after;
    if (after.kind !== before.kind) this.#react(before, after);
    // A reaction may have moved on already, and acted.
    if (this.#state !== after) return;
    this.#act();
    if (after.kind !== before.kind) this.#takeHint();
  }

  /** Whoever is first leads: no later leader may have a lower term (S2). */
  #noteTerm({ claims: [first] }: ElectionSnapshot): void {
    const { current, terms } = this.#host;
    if (first !== undefined && first.sessionId !== current?.id) terms.note(first);
  }

  #next(event: CandidacyEvent): CandidacyState {
    const { transition } = this.#host.rules;
    try {
      return transition(this.#state, event, this.#context());
    } catch (error) {
      // What cannot be understood, such as a control record of a newer version, is not guessed at:
      // the candidacy ends, and its owner gets the error.
      this.#stopReason ??= error;
      return transition(this.#state, { type: "stop" }, this.#context());
    }
  }

  #takeHint(): void {
    const snapshot = this.#unseenHint;
    const { kind } = this.#state;
    if (snapshot === undefined) return;
    if (kind !== "waiting" && kind !== "leading" && kind !== "verifying") return;
    this.#unseenHint = undefined;
    this.dispatch({ type: "hinted", snapshot });
  }

  #context(): CandidacyContext {
    const host = this.#host;
    const { clock, current, validity, timings, candidate, terms, random, rules } = host;
    const control = (text: string | undefined): ControlRecord =>
      host.controls.read(this.election, text);
    const now = clock.now();
    const session =
      current === undefined || validity === undefined
        ? undefined
        : {
            id: current.id,
            validity,
            untilDrainMs: rules.validity.remainingMs(validity, now, timings) - timings.drainMs,
          };
    return {
      now,
      timings,
      session,
      self: candidate,
      healthy: this.#options.healthy(),
      preferences: this.#options.preferences,
      control: (snapshot) => control(snapshot.control?.text),
      regressed: (claim, snapshot) => terms.regressed(claim, control(snapshot.control?.text)),
      termOf: (claim) => terms.termOf(claim),
      newAttemptId: () => random.uniqueId(),
    };
  }

  /** What a change of state means outside: the mandate, the events. */
  #react(before: CandidacyState, after: CandidacyState): void {
    const { election } = this;
    const event = { election, candidateId: this.#host.candidate.id };
    const atMs = (): number => this.#host.clock.now().monotonicMs;
    if (after.kind === "standing") publish(() => ({ type: "standing", ...event, atMs: atMs() }));
    if (after.kind === "yielding") publish(() => ({ type: "yielded", ...event, atMs: atMs() }));
    if (before.kind === "standing") this.#options.onStood(after.kind === "leading");
    if (after.kind === "leading" && before.kind !== "verifying") {
      this.#options.onElected(this.#office.enter(after.claim));
    }
    const reigned = before.kind === "leading" || before.kind === "verifying";
    if (reigned && after.kind !== "leading" && after.kind !== "verifying") {
      this.#office.leave(after, this.#stopReason);
    }
    if (after.kind === "ended") this.#finish(after);
  }

  #finish(state: Ended): void {
    this.#cancelPending();
    const mandate = this.#office.close(state);
    if (mandate !== undefined) this.#options.onMandateEnded(mandate);
    this.#over.resolve(state);
  }

  /** Starts the call that the state asks for, or sets the timer for what it waits for. */
  #act(): void {
    const state = this.#state;
    if (this.#callInFlight || state.kind === "ended") return;
    const call = callKey(state);
    const { failures } = state.past;
    const key = `${state.kind} ${call} ${failures} ${"wakeAtMs" in state ? state.wakeAtMs : ""}`;
    if (this.#pending?.key === key) return;
    this.#cancelPending();
    if (call !== undefined)
      return this.#after(key, this.#backoffMs(failures), () => this.#call(call));
    if (state.kind === "idle") {
      // Else the next confirmed renewal asks again.
      const untilDrainMs = this.#context().session?.untilDrainMs ?? 0;
      if (untilDrainMs <= 0) return;
      this.#after(key, this.#backoffMs(failures), () => this.dispatch({ type: "wake" }));
    } else if ("wakeAtMs" in state && state.wakeAtMs !== undefined) {
      const delayMs = Math.max(1, state.wakeAtMs - this.#host.clock.now().monotonicMs);
      this.#after(key, delayMs, () => this.dispatch({ type: "wake" }));
    }
  }

  #backoffMs(failures: number): number {
    return backoffMs(this.#host.random, failures, this.#host.timings.renewEveryMs);
  }

  #after(key: string, delayMs: number, then: () => void): void {
    if (delayMs === 0) return then();
    const cancel = this.#host.clock.setTimer(delayMs, () => {
      this.#pending = undefined;
      then();
    });
    this.#pending = { key, cancel };
  }

  #cancelPending(): void {
    this.#pending?.cancel();
    this.#pending = undefined;
  }

  #call(key: string): void {
    const { election } = this;
    this.#callInFlight = true;
    void runCall(this.#host, election, this.#state, this.#options.healthy()).then((answer) => {
      this.#callInFlight = false;
      if (answer.error !== undefined) {
        publish(() => ({
          type: "call-failed",
          election,
          call: key,
          error: answer.error,
          candidateId: this.#host.candidate.id,
          atMs: this.#host.clock.now().monotonicMs,
        }));
      }
      // An answer for a state that has passed is nobody's; the new state makes its own call.
      if (callKey(this.#state) === key) this.dispatch(answer.event);
      else this.#act();
    });
  }
}
