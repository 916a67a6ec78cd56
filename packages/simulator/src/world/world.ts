import type { ElectionEvent } from "@mandate/election";
import { decodeControl, encodeControl } from "@mandate/election/internal";
import { SeededRandom, type VirtualClock } from "@mandate/testing";
import { CalmChecker } from "../checkers/calm.ts";
import { EarlyEnds } from "../checkers/early-ends.ts";
import { FenceChecker } from "../checkers/fence.ts";
import { GoneClaimChecker } from "../checkers/gone-claim.ts";
import { OneMandateChecker } from "../checkers/one-mandate.ts";
import { ReleaseChecker } from "../checkers/release.ts";
import { TermsChecker } from "../checkers/terms.ts";
import { Resource } from "../process/resource.ts";
import { SimProcess, type Variant } from "../process/sim-process.ts";
import { Cluster } from "../store/cluster.ts";
import { between, chance, pick } from "./chance.ts";
import { Faults } from "./faults.ts";
import { Journal, type JournalReader } from "./journal.ts";
import { MachineClock } from "./machine-clock.ts";
import { Network } from "./network.ts";
import type { ProcessPlan, Scenario } from "./scenario.ts";

/** What a {@link World} is made of. */
export interface WorldParts {
  readonly clock: VirtualClock;
  readonly scenario: Scenario;
  readonly variant: Variant;
  readonly reader: JournalReader | undefined;
}

/** Members of the store. */
const MEMBERS = 3;

/** Closing may take so long when nothing fails, in TTLs. */
const CLOSE_TTLS = 3;

/** After its session was closed, a process pauses no longer than this, in TTLs. */
const SETTLE_TTLS = 0.5;

/** Processes, a store, a resource, a network between them, and the faults, on one true clock. */
export class World {
  readonly journal: Journal;
  readonly #parts: WorldParts;
  readonly #random: SeededRandom;
  readonly #network: Network;
  readonly #cluster: Cluster;
  readonly #faults: Faults;
  readonly #processes: readonly SimProcess[];
  readonly #oneMandate: OneMandateChecker;
  readonly #calmChecker: CalmChecker;
  #mandates = 0;
  #termFloor = 0n;
  #regressed = false;
  #healed = false;
  #over = false;

  constructor(parts: WorldParts) {
    this.#parts = parts;
    const { clock, scenario } = parts;
    this.#random = this.#dealRandom(1);
    const observer = {
      nowMs: () => this.nowMs,
      clockOf: (process: number) => this.#process(process).machine.now(),
    };
    const earlyEnds = new EarlyEnds();
    this.#oneMandate = new OneMandateChecker(observer, earlyEnds, (process) =>
      this.#faults.offBound.has(process),
    );
    this.#calmChecker = new CalmChecker({ scenario, nowMs: () => this.nowMs });
    this.journal = new Journal(
      () => this.nowMs,
      {
        // It notes what the others ask for, so it sees each entry before them.
        early: earlyEnds,
        S1: this.#oneMandate,
        S2: new TermsChecker(earlyEnds),
        S5: new ReleaseChecker(observer, (process) => this.#planOf(process).onOverrun),
        S3: new GoneClaimChecker(observer, scenario.ttlMs),
        S8: new FenceChecker(),
        L1: this.#calmChecker,
        world: { see: (entry) => void (entry.kind === "store-regressed" && this.#regress()) },
      },
      parts.reader,
    );
    this.#network = new Network(
      { world: clock, random: this.#dealRandom(2) },
      { faults: scenario.network, healAtMs: scenario.healAtMs },
    );
    this.#cluster = new Cluster(
      { clock: this.#serverClock(), random: this.#dealRandom(3), journal: this.journal },
      {
        members: MEMBERS,
        lateExpiryMs: scenario.lateExpiryMs,
        liesWhenDeposed: scenario.liesWhenDeposed,
        elections: scenario.elections,
      },
    );
    this.#processes = this.#makeProcesses();
    this.#faults = new Faults({
      scenario,
      world: clock,
      random: this.#dealRandom(4),
      journal: this.journal,
      cluster: this.#cluster,
      processes: this.#processes,
    });
  }

  get nowMs(): number {
    return this.#parts.clock.now().monotonicMs;
  }

  get excusedOverlaps(): number {
    return this.#oneMandate.excusedOverlaps;
  }

  get mandates(): number {
    return this.#mandates;
  }

  /** What the code says of itself. The dead say nothing. */
  seeEvent(event: ElectionEvent): void {
    const process = Number(event.candidateId.slice(1));
    if (this.#over || !this.#process(process).alive) return;
    if (event.type === "elected") this.#mandates += 1;
    this.journal.write({ kind: "event", process, event });
  }

  /** Starts processes and faults. */
  begin(): void {
    const { clock, scenario } = this.#parts;
    for (const process of this.#processes) {
      clock.setTimer(between(this.#random, 0, 1) * scenario.ttlMs, () => process.start());
    }
    this.#faults.start();
    this.#tick();
    // So that the run stops there even if nothing else happens then.
    clock.setTimer(scenario.healAtMs, () => {});
    clock.setTimer(scenario.endAtMs, () => {});
  }

  /** From now on everything works, and everyone does what it should. */
  heal(): void {
    this.#faults.stop();
    this.#network.heal();
    this.#healed = true;
    this.#cluster.comeUp();
    this.#cluster.mute.clear();
    for (const [index] of this.#cluster.members.entries()) this.#cluster.rejoin(index);
    this.#resumeElections();
    if (this.#regressed) this.#raiseTermFloor();
    for (const process of this.#processes) this.#healProcess(process);
    this.#dealWishes();
    this.journal.write({ kind: "healed" });
  }

  /** Checks what must hold when nothing has failed for long. */
  checkCalm(): void {
    this.#calmChecker.atEnd((message, invariant = "L1") => {
      this.journal.violate(invariant, message);
    });
  }

  /** Closes all sessions. Returns what tells that it is done. */
  close(): () => boolean {
    const { clock, scenario } = this.#parts;
    let open = this.#processes.length;
    const settleMs = SETTLE_TTLS * scenario.ttlMs;
    for (const process of this.#processes) {
      // What processes do by themselves ends soon after.
      void process.close().then(() => clock.setTimer(settleMs, () => (open -= 1)));
    }
    clock.setTimer(CLOSE_TTLS * scenario.ttlMs, () => {
      if (open > 0) this.journal.violate("close", `${open} sessions do not close`);
    });
    return () => open === 0;
  }

  /** Checks that the closed sessions left nothing behind. */
  checkClosed(): void {
    const left = this.#cluster.sessionIds.length;
    if (left > 0) this.journal.violate("close", `${left} sessions are left at the store`);
    for (const { index, machine } of this.#processes) {
      if (machine.pendingTimers === 0) continue;
      this.journal.violate("close", `p${index} still has ${machine.pendingTimers} timers`);
    }
  }

  /** Stops everything. */
  end(): void {
    this.#over = true;
    for (const process of this.#processes) process.kill("end");
  }

  #tick(): void {
    const { clock, scenario } = this.#parts;
    clock.setTimer(scenario.ttlMs / 2, () => {
      this.journal.write({ kind: "tick" });
      if (this.#healed) this.#resumeElections();
      for (const process of this.#processes) {
        // A supervisor starts what has died.
        if (!process.alive && !this.#over && chance(this.#random, 0.5)) process.start();
      }
      this.#tick();
    });
  }

  #regress(): void {
    this.#regressed = true;
  }

  /** Operators who know that the store went back raise the floor, and start everyone anew. */
  #raiseTermFloor(): void {
    this.#termFloor = this.#cluster.highestTerm + 10n;
    for (const process of this.#processes) process.kill("term floor");
    this.journal.write({ kind: "term-floor-raised", termFloor: this.#termFloor });
  }

  #resumeElections(): void {
    for (const election of this.#parts.scenario.elections) {
      const { control } = this.#cluster.snapshot(election);
      if (control === undefined) continue;
      const record = decodeControl(control.text);
      if (!record.paused) continue;
      this.#cluster.writeControl(election, encodeControl({ ...record, paused: false }));
    }
  }

  #healProcess(process: SimProcess): void {
    const { scenario } = this.#parts;
    for (const { toMember, toProcess } of process.paths) {
      toMember.cut = false;
      toProcess.cut = false;
    }
    process.machine.setRate(this.#planOf(process.index).rate);
    process.calmDown();
    for (const election of scenario.elections) {
      process.setHealth(election, !chance(this.#random, 0.15));
    }
    if (process.isStuck) process.kill("stuck");
    if (process.alive) process.continue();
    else process.start();
  }

  /** Everyone leads some elections, and each election has someone. */
  #dealWishes(): void {
    for (const election of this.#parts.scenario.elections) {
      const one = pick(this.#random, this.#processes);
      for (const process of this.#processes) {
        process.setWish(election, process === one || chance(this.#random, 0.75));
      }
    }
  }

  #makeProcesses(): readonly SimProcess[] {
    const { clock, scenario, variant } = this.#parts;
    const resource = new Resource(this.journal);
    const calm = { hintLoss: 0, silence: 0 };
    return scenario.processes.map(
      (plan, index) =>
        new SimProcess({
          index,
          scenario,
          plan,
          variant,
          world: clock,
          random: this.#dealRandom(10 + index),
          cluster: this.#cluster,
          network: this.#network,
          resource,
          journal: this.journal,
          termFloor: () => this.#termFloor,
          watchFaults: () => (this.#healed ? calm : scenario.watches),
        }),
    );
  }

  #serverClock(): MachineClock {
    const { clock, scenario } = this.#parts;
    return new MachineClock({
      world: clock,
      start: { monotonicMs: 0, wallMs: 0 },
      rate: scenario.serverRate,
      latenessMs: () => 0,
    });
  }

  #dealRandom(part: number): SeededRandom {
    return new SeededRandom(this.#parts.scenario.seed * 100 + part);
  }

  #process(index: number): SimProcess {
    const process = this.#processes[index];
    if (process === undefined) throw new Error(`there is no process ${index}`);
    return process;
  }

  #planOf(index: number): ProcessPlan {
    const plan = this.#parts.scenario.processes[index];
    if (plan === undefined) throw new Error(`there is no process ${index}`);
    return plan;
  }
}
