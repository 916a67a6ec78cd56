import type { Election, Random } from "@mandate/election";
import type { MemoryBackup, StoreCallKind } from "@mandate/testing";
import type { SimProcess } from "../process/sim-process.ts";
import type { Cluster } from "../store/cluster.ts";
import { between, chance, pick, untilNext } from "./chance.ts";
import type { Journal } from "./journal.ts";
import type { FaultKind, Scenario } from "./scenario.ts";
import type { Clock } from "@mandate/election";

/** What faults are done to. */
export interface FaultParts {
  readonly scenario: Scenario;
  readonly world: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly cluster: Cluster;
  readonly processes: readonly SimProcess[];
}

/** Clocks that leave their bound run so many times beyond it. */
const BEYOND_BOUND = 10;

/** The backup that a store is restored from is made within this time, in TTLs. */
const BACKUP_TTLS = 4;

/** Calls that the store may leave unanswered while it answers the others. */
const CALLS: readonly StoreCallKind[] = [
  "claims",
  "claims",
  "closeSession",
  "openSession",
  "read",
  "renew",
  "stand",
  "update",
  "withdraw",
  "writeControl",
];

/** Makes faults happen, each kind by itself, until it is told to stop. */
export class Faults {
  /** Processes whose clocks have left the bound: nothing is promised about them. */
  readonly offBound = new Set<number>();
  readonly #parts: FaultParts;
  #backup: MemoryBackup | undefined;
  #stopped = false;

  constructor(parts: FaultParts) {
    this.#parts = parts;
  }

  start(): void {
    const { random, scenario, cluster } = this.#parts;
    for (const [kind, meanMs] of scenario.faults) this.#schedule(kind, meanMs);
    if (!scenario.faults.has("restore")) return;
    this.#after(between(random, 0, BACKUP_TTLS) * scenario.ttlMs, () => {
      this.#note("the store is backed up");
      this.#backup = cluster.backup();
    });
  }

  /** No fault begins or ends any more. */
  stop(): void {
    this.#stopped = true;
  }

  #schedule(kind: FaultKind, meanMs: number): void {
    this.#after(untilNext(this.#parts.random, meanMs), () => {
      this.#faults[kind]();
      this.#schedule(kind, meanMs);
    });
  }

  #after(delayMs: number, act: () => void): void {
    this.#parts.world.setTimer(delayMs, () => {
      if (!this.#stopped) act();
    });
  }

  /** Undoes a fault after a while: so many TTLs at most. */
  #endWithin(ttls: number, undo: () => void): void {
    const { random, scenario } = this.#parts;
    this.#after(between(random, 0.05, ttls) * scenario.ttlMs, undo);
  }

  #note(text: string): void {
    this.#parts.journal.write({ kind: "fault", text });
  }

  #onRunning(act: (process: SimProcess) => void): void {
    const running = this.#parts.processes.filter((process) => process.running);
    if (running.length > 0) act(pick(this.#parts.random, running));
  }

  #anyElection(): string {
    return pick(this.#parts.random, this.#parts.scenario.elections);
  }

  readonly #faults: Readonly<Record<FaultKind, () => void>> = {
    cut: () => this.#cut(),
    pause: () => {
      this.#onRunning((process) => {
        this.#note(`p${process.index} is paused`);
        process.pause();
        this.#endWithin(2.5, () => this.#continue(process));
      });
    },
    suspend: () => {
      this.#onRunning((process) => {
        this.#note(`p${process.index} is suspended`);
        process.suspend();
        this.#endWithin(2.5, () => this.#continue(process));
      });
    },
    crash: () => this.#onRunning((process) => process.kill("crash")),
    "wall-jump": () => this.#jumpWall(),
    "rate-change": () => this.#changeRate(),
    depose: () => this.#withMember("deposed", (member) => this.#parts.cluster.depose(member)),
    "member-down": () =>
      this.#withMember("down", (member) => this.#parts.cluster.stopMember(member)),
    mute: () => this.#mute(),
    restart: () => {
      this.#note("the store restarts");
      this.#parts.cluster.goDown(undefined);
      this.#endWithin(1.5, () => this.#parts.cluster.comeUp());
    },
    restore: () => this.#restore(),
    "delete-claim": () => {
      const { claims } = this.#parts.cluster.snapshot(this.#anyElection());
      if (claims.length === 0 || this.#parts.cluster.isDown) return;
      this.#parts.cluster.deleteClaim(pick(this.#parts.random, claims));
    },
    "end-session": () => {
      const { cluster, random } = this.#parts;
      const { sessionIds } = cluster;
      if (sessionIds.length > 0 && !cluster.isDown) cluster.endSession(pick(random, sessionIds));
    },
    health: () => {
      const process = pick(this.#parts.random, this.#parts.processes);
      process.setHealth(this.#anyElection(), chance(this.#parts.random, 0.5));
    },
    operator: () => this.#onRunning((process) => this.#operate(process)),
    reopen: () => {
      this.#onRunning((process) => {
        this.#note(`p${process.index} closes its session and opens another`);
        process.reopen();
      });
    },
    leave: () => {
      const process = pick(this.#parts.random, this.#parts.processes);
      const election = this.#anyElection();
      process.setWish(election, false);
      this.#endWithin(2, () => process.setWish(election, true));
    },
  };

  #continue(process: SimProcess): void {
    this.#note(`p${process.index} goes on`);
    process.continue();
  }

  #cut(): void {
    const { random, processes } = this.#parts;
    const process = pick(random, processes);
    const paths = chance(random, 0.5) ? process.paths : [pick(random, process.paths)];
    const way = pick(random, ["both", "toMember", "toProcess"] as const);
    const set = (cut: boolean): void => {
      for (const { toMember, toProcess } of paths) {
        if (way !== "toProcess") toMember.cut = cut;
        if (way !== "toMember") toProcess.cut = cut;
      }
    };
    this.#note(`p${process.index} is cut off (${way}, ${paths.length} members)`);
    set(true);
    this.#endWithin(2.5, () => {
      this.#note(`p${process.index} is connected again`);
      set(false);
    });
  }

  #jumpWall(): void {
    const { random, processes, scenario } = this.#parts;
    const process = pick(random, processes);
    // Back while a machine sleeps, both clocks would have stood still: that is not covered.
    const backwards = !scenario.faults.has("suspend") && chance(random, 0.5);
    const ms = between(random, 0, 2) * scenario.ttlMs * (backwards ? -1 : 1);
    this.#note(`p${process.index}'s wall clock jumps by ${Math.round(ms)} ms`);
    process.machine.jumpWall(ms);
  }

  #changeRate(): void {
    const { random, processes, scenario } = this.#parts;
    const process = pick(random, processes);
    const beyond = scenario.driftsBeyond && chance(random, 0.5);
    const bound = 0.5 * scenario.drift * (beyond ? BEYOND_BOUND : 1);
    if (beyond) this.offBound.add(process.index);
    const rate = 1 + between(random, -bound, bound);
    this.#note(`p${process.index}'s clock runs at ${rate.toFixed(4)}`);
    process.machine.setRate(rate);
  }

  #withMember(state: string, act: (member: number) => void): void {
    const { random, cluster } = this.#parts;
    const member = Math.floor(random.fraction() * cluster.members.length);
    if (cluster.isDown) return;
    this.#note(`member ${member} is ${state}`);
    act(member);
    this.#endWithin(2.5, () => {
      this.#note(`member ${member} is back`);
      cluster.rejoin(member);
    });
  }

  #mute(): void {
    const { random, cluster } = this.#parts;
    const kind = pick(random, CALLS);
    this.#note(`the store answers no ${kind} any more`);
    cluster.mute.add(kind);
    this.#endWithin(2.5, () => {
      this.#note(`the store answers ${kind} again`);
      cluster.mute.delete(kind);
    });
  }

  #restore(): void {
    const { random, cluster } = this.#parts;
    if (cluster.isDown || this.#backup === undefined) return;
    const replaced = chance(random, 0.3);
    this.#note(replaced ? "the store is replaced" : "the store is restored from the backup");
    cluster.goDown(this.#backup);
    this.#endWithin(1, () => cluster.comeUp({ replaced }));
  }

  #operate(process: SimProcess): void {
    const { random, scenario } = this.#parts;
    const to = pick(random, scenario.processes).candidate.id;
    const timeoutMs = between(random, 0.5, 2) * scenario.ttlMs;
    const acts: readonly (readonly [string, (election: Election) => Promise<unknown>])[] = [
      ["resign", (election) => election.resign({ timeoutMs })],
      [`transfer to ${to}`, (election) => election.transfer({ to, timeoutMs })],
      ["pause", (election) => election.pause()],
      ["resume", (election) => election.resume()],
    ];
    const [text, act] = pick(random, acts);
    const election = this.#anyElection();
    this.#note(`an operator at p${process.index} asks ${election} to ${text}`);
    process.operate(election, act);
  }
}
