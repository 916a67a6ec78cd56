import { backoffMs } from "../time/backoff.ts";
import type { Clock, Random } from "../time/clock.ts";
import { forwardClock } from "../time/forward-clock.ts";
import { pause, withDeadline } from "../time/deadline.ts";
import { ElectionWatch } from "../candidacy/election-watch.ts";
import { hasCode, MandateError } from "../errors.ts";
import { publish } from "../events.ts";
import { CallSlots } from "./call-slots.ts";
import { openStoreSession } from "./session-opening.ts";
import { rememberingStore } from "./remembering-store.ts";
import { renewUntilLost } from "./session-renewal.ts";
import type { Candidate } from "../candidacy/registration.ts";
import type { Rules } from "./rules.ts";
import type { OverrunPolicy, SessionHost, SessionMember } from "./session-host.ts";
import type { Instant } from "../time/clock.ts";
import type { Store, StoreSession } from "../store.ts";
import { ControlMemory } from "../control/control-memory.ts";
import { TermJournal } from "../control/term-journal.ts";
import type { TermMemory } from "./term-memory.ts";
import type { Timings } from "./timings.ts";
import type { Validity } from "./validity.ts";

/** Everything that a {@link SessionCore} is made of. */
export interface SessionCoreParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly rules: Rules;
  readonly store: Store;
  readonly timings: Timings;
  readonly candidate: Candidate;
  readonly terms: TermMemory;
  readonly onOverrun: OverrunPolicy;
  readonly exitProcess: () => void;
  readonly closeStore: () => Promise<void>;
}

/** Enough for the store to take many requests in one write to its disk. */
const MAX_CALLS = 256;

/** The session behind `Session`: keeps one open at the store, and tells its members how it is. */
export class SessionCore implements SessionHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly rules: Rules;
  readonly store: Store;
  readonly timings: Timings;
  readonly candidate: Candidate;
  readonly terms: TermMemory;
  readonly controls = new ControlMemory();
  readonly #slots = new CallSlots(MAX_CALLS);
  readonly onOverrun: OverrunPolicy;
  readonly #parts: SessionCoreParts;
  readonly #members = new Map<string, SessionMember>();
  readonly #watches = new Map<string, ElectionWatch>();
  readonly #places = new Set<string>();
  readonly #journals = new Map<string, TermJournal>();
  readonly #closing = new AbortController();
  #current: StoreSession | undefined;
  #validity: Validity | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;
  #flushing = false;
  #cancelDrainTimer: () => void = () => {};
  #renewNow: () => void = () => {};

  constructor(parts: SessionCoreParts) {
    this.#parts = parts;
    this.clock = forwardClock(parts.clock);
    this.random = parts.random;
    this.rules = parts.rules;
    this.store = rememberingStore(parts.store, parts.terms);
    this.timings = parts.timings;
    this.candidate = parts.candidate;
    this.terms = parts.terms;
    this.onOverrun = parts.onOverrun;
  }

  get current(): StoreSession | undefined {
    return this.#current;
  }

  get validity(): Validity | undefined {
    return this.#validity;
  }

  /** What the wall clock shows, for people. */
  get wallMs(): number {
    return this.#parts.clock.now().wallMs;
  }

  remainingMs(): number {
    if (this.#validity === undefined || this.#current === undefined) return 0;
    return this.rules.validity.remainingMs(this.#validity, this.clock.now(), this.timings);
  }

  call<T>(what: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#slots.run(() => this.callAtOnce(what, run));
  }

  callAtOnce<T>(what: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(this.clock, { what, deadlineMs: this.timings.callMs }, run);
  }

  exitProcess(): void {
    this.#parts.exitProcess();
  }

  doubtSession(): void {
    this.#renewNow();
  }

  throwIfClosed(): void {
    if (this.#closed === undefined) return;
    throw closedError();
  }

  /** Opens the first session at the store; from then on it is kept by itself. */
  async open(options: {
    readonly timeoutMs: number;
    readonly signal: AbortSignal | undefined;
  }): Promise<void> {
    const opened = await openStoreSession(this, options);
    this.#begin(opened);
    this.#running = this.#run();
  }

  /**
   * A session has one claim an election, so one stands there at a time. Returns what gives the
   * place up.
   * @throws `ALREADY_STANDING`
   */
  takePlace(election: string): () => void {
    if (this.#places.has(election)) {
      throw new MandateError(
        `this session stands in "${election}" already: await that first, or open a second session`,
        { code: "ALREADY_STANDING", applied: "no" },
      );
    }
    this.#places.add(election);
    return () => this.#places.delete(election);
  }

  join(member: SessionMember): void {
    this.#members.set(member.election, member);
  }

  leave(member: SessionMember): void {
    if (this.#members.get(member.election) === member) this.#members.delete(member.election);
  }

  watch(election: string): ElectionWatch {
    const known = this.#watches.get(election);
    if (known !== undefined) return known;
    const made = new ElectionWatch(this, election);
    this.#watches.set(election, made);
    return made;
  }

  journal(election: string): TermJournal {
    const known = this.#journals.get(election);
    if (known !== undefined) return known;
    const made = new TermJournal(election);
    this.#journals.set(election, made);
    return made;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #run(): Promise<void> {
    const signal = this.#closing.signal;
    for (let failures = 0; !signal.aborted;) {
      const current = this.#current;
      if (current !== undefined) {
        this.#lose(current, await this.#keep(current));
        failures = 0;
        continue;
      }
      await pause(this.clock, backoffMs(this.random, failures, this.timings.ttlMs), signal);
      if (signal.aborted) return;
      try {
        this.#begin(await openStoreSession(this, { timeoutMs: this.timings.ttlMs, signal }));
      } catch (error) {
        failures += 1;
        if (signal.aborted) return;
        publish(() => ({ type: "session-open-failed", ...this.#origin(), error }));
      }
    }
  }

  #keep(current: StoreSession): Promise<string> {
    return renewUntilLost(this, current, {
      signal: this.#closing.signal,
      members: this.#members,
      onConfirmed: (sentAt) => this.#confirmed(current, sentAt),
      onRenewable: (renewNow) => {
        this.#renewNow = renewNow;
      },
    });
  }

  #begin(opened: { readonly storeSession: StoreSession; readonly sentAt: Instant }): void {
    const { storeSession, sentAt } = opened;
    this.#current = storeSession;
    // A new session is a new stretch of validity, whatever was before.
    this.#validity = { sentAt, period: (this.#validity?.period ?? 0) + 1 };
    publish(() => ({ type: "session-opened", ...this.#origin(), sessionId: storeSession.id }));
    this.#setDrainTimer();
    for (const member of this.#members.values()) member.renewed();
  }

  #confirmed(current: StoreSession, sentAt: Instant): void {
    const members = [...this.#members.values()];
    // What the clock has ended stays ended: it is settled before the renewal counts.
    for (const member of members) member.settle();
    const before = this.#validity ?? { sentAt, period: 0 };
    const now = this.clock.now();
    this.#validity = this.rules.validity.afterRenewal(before, { sentAt, now }, this.timings);
    for (const member of members) member.settle();
    publish(() => ({
      type: "session-renewed",
      ...this.#origin(),
      sessionId: current.id,
      validUntilMs: now.monotonicMs + this.remainingMs(),
    }));
    this.#setDrainTimer();
    for (const member of members) member.renewed();
    void this.#flushJournals();
  }

  /** What cannot be written now is tried again after the next renewal. */
  async #flushJournals(): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    for (const [election, journal] of this.#journals) {
      if (journal.isEmpty) this.#journals.delete(election);
      else await journal.flush(this).catch((error: unknown) => this.#report("history", error));
    }
    this.#flushing = false;
  }

  #lose(lost: StoreSession, reason: string): void {
    this.#cancelDrainTimer();
    if (reason === "closed") return;
    this.#current = undefined;
    publish(() => ({ type: "session-lost", ...this.#origin(), sessionId: lost.id, reason }));
    for (const member of this.#members.values()) member.sessionLost();
    void this.#endQuietly(lost);
  }

  /** Wakes members when their mandates have to begin to end (S5). */
  #setDrainTimer(): void {
    this.#cancelDrainTimer();
    const delayMs = this.remainingMs() - this.timings.drainMs;
    this.#cancelDrainTimer = this.clock.setTimer(Math.max(0, delayMs), () => {
      for (const member of this.#members.values()) member.settle();
      if (this.remainingMs() > this.timings.drainMs) this.#setDrainTimer();
    });
  }

  async #close(): Promise<void> {
    for (const member of this.#members.values()) member.stop(closedError());
    await Promise.all([...this.#members.values()].map((member) => member.over));
    await this.#flushJournals();
    this.#closing.abort(closedError());
    await Promise.all([...this.#watches.values()].map((watch) => watch.close()));
    await this.#running;
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) await this.#endQuietly(current);
    await this.#parts.closeStore();
  }

  /** Ends a session that is no longer used; if that fails, its TTL ends it. */
  async #endQuietly(storeSession: StoreSession): Promise<void> {
    const end = (signal: AbortSignal): Promise<void> => storeSession.close({ signal });
    await this.call("ending a session", end).catch((error: unknown) => {
      if (!hasCode(error, "SESSION_LOST")) this.#report("ending a session", error);
    });
  }

  #report(call: string, error: unknown): void {
    publish(() => ({ type: "call-failed", election: "", call, error, ...this.#origin() }));
  }

  #origin(): { readonly candidateId: string; readonly atMs: number } {
    return { candidateId: this.candidate.id, atMs: this.clock.now().monotonicMs };
  }
}

/** What the use of something closed throws. */
function closedError(): MandateError {
  return new MandateError("the session is closed: open a new one", { code: "CLOSED" });
}
