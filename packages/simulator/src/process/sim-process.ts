import type { Clock, Election, HealthCheck, Mandate, Random, Session } from "@mandate/election";
import { hasCode, openSession } from "@mandate/election";
import type { Rules } from "@mandate/election/internal";
import { SeededRandom, StoreClient } from "@mandate/testing";
import { between, chance } from "../world/chance.ts";
import { Gate } from "../world/gate.ts";
import type { Journal } from "../world/journal.ts";
import { clockBehind, MachineClock } from "../world/machine-clock.ts";
import type { Link, Network } from "../world/network.ts";
import type { ProcessPlan, Scenario } from "../world/scenario.ts";
import {
  ClusterClient,
  type ClientRecipe,
  type MemberPath,
  type WatchFaults,
} from "../store/cluster-client.ts";
import type { Cluster } from "../store/cluster.ts";
import type { Resource } from "./resource.ts";
import { dealPlan, sleep, work, type FenceUse } from "./work.ts";

/** What the code of a world is, apart from the faults around it. */
export interface Variant {
  /** The deciding code. @defaultValue the real one */
  readonly rules?: Rules;
  readonly recipe: ClientRecipe;
  readonly fenceUse: FenceUse;
}

/** What a {@link SimProcess} lives in. */
export interface ProcessParts {
  readonly index: number;
  readonly scenario: Scenario;
  readonly plan: ProcessPlan;
  readonly variant: Variant;
  readonly world: Clock;
  readonly random: Random;
  readonly cluster: Cluster;
  readonly network: Network;
  readonly resource: Resource;
  readonly journal: Journal;
  /** What the operators have set for all candidates. */
  readonly termFloor: () => bigint;
  readonly watchFaults: () => WatchFaults;
}

/**
 * One process on a machine of its own, running the real election code. It may be stopped, and it
 * may die at any instant and be started again.
 */
export class SimProcess {
  readonly index: number;
  /** The clock of its machine. */
  readonly machine: MachineClock;
  readonly paths: readonly MemberPath[];
  readonly #parts: ProcessParts;
  readonly #toResource: Link;
  readonly #unhealthy = new Set<string>();
  readonly #absent = new Set<string>();
  readonly #leads = new Map<string, AbortController>();
  readonly #standing = new Set<string>();
  readonly #stuck = new Set<string>();
  #gate = new Gate();
  #clock: Clock;
  #session: Session | undefined;
  #incarnation = 0;
  #calm = false;

  constructor(parts: ProcessParts) {
    const { index, plan, world, cluster, random } = parts;
    this.index = index;
    this.#parts = parts;
    this.machine = new MachineClock({
      world,
      start: { monotonicMs: between(random, 0, 1e6), wallMs: between(random, 1e9, 2e9) },
      rate: plan.rate,
      latenessMs: () => random.fraction() * plan.latenessMs,
    });
    this.#clock = clockBehind(this.#gate, this.machine);
    this.paths = cluster.members.map(() => ({
      toMember: { cut: false, latencyMs: plan.latencyMs },
      toProcess: { cut: false, latencyMs: plan.latencyMs },
    }));
    this.#toResource = { cut: false, latencyMs: plan.latencyMs };
  }

  get alive(): boolean {
    return this.#gate.alive && this.#incarnation > 0;
  }

  get running(): boolean {
    return this.alive && this.#gate.running;
  }

  /** True while something here will not end by itself. */
  get isStuck(): boolean {
    return this.#stuck.size > 0;
  }

  /** Starts the process; it opens a session, and stands wherever it is not absent. */
  start(): void {
    if (this.alive) return;
    this.#incarnation += 1;
    this.#gate = new Gate();
    this.#clock = clockBehind(this.#gate, this.machine);
    this.machine.wake();
    this.#stuck.clear();
    this.#leads.clear();
    this.#standing.clear();
    this.#session = undefined;
    const { journal } = this.#parts;
    journal.write({ kind: "process-started", process: this.index, incarnation: this.#incarnation });
    void this.#live();
  }

  /** It is gone at once, with no clean-up. */
  kill(cause: string): void {
    if (!this.alive) return;
    this.#gate.kill();
    this.machine.stop();
    this.#parts.journal.write({ kind: "process-ended", process: this.index, cause });
  }

  /** It stands still: SIGSTOP, a long collection of garbage. */
  pause(): void {
    this.#gate.stop();
  }

  /** Its machine sleeps. */
  suspend(): void {
    this.#gate.stop();
    this.machine.suspend();
  }

  /** Ends both {@link pause} and {@link suspend}. */
  continue(): void {
    this.machine.wake();
    const { random, world } = this.#parts;
    const first = chance(random, 0.5) ? "timer" : "message";
    this.#gate.continue(first, (enter) => void world.setTimer(0, enter));
  }

  /** What the health check says from now on. */
  setHealth(election: string, healthy: boolean): void {
    if (healthy) this.#unhealthy.delete(election);
    else this.#unhealthy.add(election);
    this.#parts.journal.write({ kind: "health", process: this.index, election, healthy });
  }

  /** Whether it wishes to lead an election; it leaves when it no longer does. */
  setWish(election: string, wishes: boolean): void {
    if (!wishes) {
      this.#absent.add(election);
      this.#leads.get(election)?.abort(new Error("left"));
    } else if (this.#absent.delete(election) && this.running && this.#session !== undefined) {
      void this.#standAgainAndAgain(this.#session, election);
    }
  }

  /** From now on work does what it should, and goes on. */
  calmDown(): void {
    this.#calm = true;
  }

  /** Closes the session and opens a new one. */
  reopen(): void {
    if (this.running && this.#session !== undefined) void this.#reopen(this.#session);
  }

  /** Closes the session for good. Resolves when nothing is left of it in the process. */
  async close(): Promise<void> {
    for (const election of this.#parts.scenario.elections) this.#absent.add(election);
    await this.#session?.close();
  }

  /** Lets an operator in this process do something; failures are the operator's to see. */
  operate(election: string, act: (election: Election) => Promise<unknown>): void {
    if (!this.running || this.#session === undefined) return;
    const { journal } = this.#parts;
    act(this.#session.election(election)).catch((error: unknown) => {
      journal.write({ kind: "fault", text: `p${this.index}: the operator got: ${String(error)}` });
    });
  }

  async #live(): Promise<void> {
    const { scenario, plan, variant, random, termFloor, journal } = this.#parts;
    const incarnation = this.#incarnation;
    while (incarnation === this.#incarnation) {
      // What a session remembers of terms ends with it.
      journal.write({ kind: "session-opening", process: this.index });
      try {
        const session = await openSession(
          this.#store(),
          {
            ttlMs: scenario.ttlMs,
            drift: scenario.drift,
            marginMs: scenario.marginMs,
            candidate: plan.candidate,
            onOverrun: plan.onOverrun,
            termFloor: termFloor(),
          },
          {
            clock: this.#clock,
            random: new SeededRandom(Math.floor(random.fraction() * 2 ** 32)),
            rules: variant.rules,
            exitProcess: () => this.kill("exit"),
          },
        );
        this.#session = session;
        for (const election of scenario.elections) {
          if (!this.#absent.has(election)) void this.#standAgainAndAgain(session, election);
        }
        return;
      } catch (error) {
        // The store is not there yet: a supervisor would start the process again.
        if (!hasCode(error, "STORE_UNAVAILABLE", "TIMEOUT")) throw error;
        await sleep(this.#clock, between(random, 0.05, 0.3) * scenario.ttlMs);
      }
    }
  }

  async #reopen(session: Session): Promise<void> {
    const { random, scenario } = this.#parts;
    this.#session = undefined;
    await session.close();
    await sleep(this.#clock, between(random, 0, 0.5) * scenario.ttlMs);
    await this.#live();
  }

  #store(): StoreClient {
    const { scenario, variant, world, cluster, network, random, journal } = this.#parts;
    return new StoreClient(
      new ClusterClient({
        process: this.index,
        world,
        gate: this.#gate,
        cluster,
        network,
        random,
        journal,
        paths: this.paths,
        watchFaults: this.#parts.watchFaults,
        recipe: variant.recipe,
        progressMs: scenario.ttlMs,
      }),
    );
  }

  /** Stands in an election until it is absent, or the session is closed. */
  async #standAgainAndAgain(session: Session, name: string): Promise<void> {
    const { scenario, plan, random, journal } = this.#parts;
    const election = session.election(name, {
      health: this.#healthCheck(name),
      preferredRegions: plan.preferredRegions,
      minimumTenureMs: scenario.minimumTenureMs,
    });
    // Whoever leaves and comes back before it has left goes on where it is.
    if (this.#standing.has(name)) return;
    this.#standing.add(name);
    while (!this.#absent.has(name) && session === this.#session) {
      const leaving = new AbortController();
      this.#leads.set(name, leaving);
      journal.write({ kind: "lead-started", process: this.index, election: name });
      const outcome = await this.#leadOnce(election, leaving.signal);
      this.#leads.delete(name);
      journal.write({ kind: "lead-ended", process: this.index, election: name, outcome });
      // It waits for the operators to raise the floor, and to start it anew with that.
      if (outcome === "TERM_REGRESSED" || outcome === "CLOSED") break;
      await sleep(this.#clock, between(random, 0, 0.3) * scenario.ttlMs);
    }
    this.#standing.delete(name);
  }

  async #leadOnce(election: Election, signal: AbortSignal): Promise<string> {
    const { random } = this.#parts;
    const perform = (mandate: Mandate): Promise<string> => this.#work(mandate);
    try {
      if (chance(random, 0.8)) return await election.lead(perform, { signal });
      const mandate = await election.campaign({ signal });
      try {
        return await perform(mandate);
      } finally {
        await mandate.resign();
      }
    } catch (error) {
      // However it ended is an outcome for the journal; checkers know what may not be.
      return hasCode(error, "TERM_REGRESSED", "ALREADY_STANDING", "CLOSED", "MANDATE_LOST")
        ? error.code
        : String(error);
    }
  }

  async #work(mandate: Mandate): Promise<string> {
    const { scenario, variant, random, network, journal, resource } = this.#parts;
    const plan = this.#calm ? "obedient" : dealPlan(random, { faulty: scenario.faultyWork });
    const { election } = mandate;
    const faulty = plan === "never-settles" || plan === "overruns";
    if (faulty) this.#stuck.add(election);
    const outcome = await work(
      {
        process: this.index,
        clock: this.#clock,
        random,
        gate: this.#gate,
        network,
        link: this.#toResource,
        journal,
        resource,
        fenceUse: variant.fenceUse,
        ttlMs: scenario.ttlMs,
      },
      mandate,
      plan,
    );
    this.#stuck.delete(election);
    return outcome;
  }

  #healthCheck(election: string): HealthCheck {
    return async () => {
      await sleep(this.#clock, 1);
      if (this.#unhealthy.has(election)) throw new Error("unhealthy");
    };
  }
}
