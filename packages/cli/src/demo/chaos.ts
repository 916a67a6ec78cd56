import { setTimeout as sleep } from "node:timers/promises";
import { formatDuration } from "../duration.ts";
import type { Fault, FaultKind } from "./audit/leader-changes.ts";
import type { DataCentre } from "./data-centre.ts";
import type { DemoStore } from "./demo-store.ts";
import type { LoadGenerator } from "./load-generator.ts";
import { monotonicMs } from "./monotonic.ts";
import type { Scoreboard } from "./scoreboard.ts";

/** What a {@link Chaos} works with. All durations in milliseconds. */
export interface ChaosOptions {
  /** In turn. */
  readonly kinds: readonly FaultKind[];
  /** From one fault to the next, at the least. */
  readonly everyMs: number;
  readonly ttlMs: number;
  readonly centres: ReadonlyMap<string, DataCentre>;
  readonly board: Scoreboard;
  readonly store: DemoStore;
  readonly load: LoadGenerator;
}

const restartAfterMs = 1_000;
/** For another leader to write: many times what it should take. */
const settleTimeoutMs = 30_000;
/** Longer than the TTL, so that the leader's session is over for sure. */
const stopTtls = 1.5;
/** So many writes are under way when a leader is stopped, less those that it was done with. */
const burstSize = 100;
const burstTimeoutMs = 500;

interface Target {
  readonly centre: DataCentre;
  readonly term: bigint;
}

/** Does something to the leader, waits until another one has taken over, and begins again. */
export class Chaos {
  readonly faults: Fault[] = [];
  readonly #options: ChaosOptions;

  constructor(options: ChaosOptions) {
    this.#options = options;
  }

  /**
   * Strikes until `ending` aborts; resolves when the last fault has settled and is healed. `hurry`
   * ends all waiting.
   */
  async run(ending: AbortSignal, hurry: AbortSignal): Promise<void> {
    const { kinds, everyMs } = this.#options;
    let nextAtMs = monotonicMs() + everyMs;
    for (let turn = 0; kinds.length > 0; turn += 1) {
      await pause(nextAtMs - monotonicMs(), ending);
      const target = await this.#leader(ending);
      if (target === undefined || ending.aborted) return;
      nextAtMs = monotonicMs() + everyMs;
      const kind = kinds[turn % kinds.length];
      if (kind !== undefined) await this.#strike(kind, target, hurry);
    }
  }

  /** A leader whose first write a client has been told of; undefined when the demo ends first. */
  async #leader(signal: AbortSignal): Promise<Target | undefined> {
    const { board, centres } = this.#options;
    const isSettled = (): boolean => {
      const { leader } = board;
      return leader?.serving === true && leader.term === board.highestTerm;
    };
    while (!(await board.until(isSettled, { signal, timeoutMs: settleTimeoutMs }))) {
      if (signal.aborted) return undefined;
      board.tell("note", `nobody has led for ${settleTimeoutMs / 1_000} s`);
    }
    const { leader } = board;
    const centre = leader === undefined ? undefined : centres.get(leader.candidateId);
    return leader === undefined || centre === undefined ? undefined : { centre, term: leader.term };
  }

  async #strike(kind: FaultKind, target: Target, hurry: AbortSignal): Promise<void> {
    if (kind === "kill") return this.#kill(target, hurry);
    if (kind === "stop") return this.#stop(target, hurry);
    return this.#cut(target, hurry);
  }

  async #kill(target: Target, hurry: AbortSignal): Promise<void> {
    const { board } = this.#options;
    const { centre } = target;
    this.#note("kill", target, `SIGKILL to ${centre.id}`);
    board.setCentre(centre.id, { state: "down" });
    await Promise.all([
      this.#settled(target, hurry),
      (async () => {
        await centre.kill();
        await pause(restartAfterMs, hurry);
        board.setCentre(centre.id, { state: "starting" });
        await centre.start();
        board.tell("healed", `${centre.id} is back`);
      })(),
    ]);
  }

  async #stop(target: Target, hurry: AbortSignal): Promise<void> {
    const { board, load, ttlMs } = this.#options;
    const { centre, term } = target;
    // At the worst moment: with writes under way, which come to the ledger after the next leader's.
    const rush = load.burst(burstSize, board.centres.get(centre.id)?.url ?? "");
    await Promise.race([rush, pause(burstTimeoutMs, hurry)]);
    const stopMs = stopTtls * ttlMs;
    this.#note("stop", { centre, term }, `SIGSTOP to ${centre.id}`);
    centre.stop();
    board.setCentre(centre.id, { state: "stopped" });
    await Promise.all([this.#settled(target, hurry), pause(stopMs, hurry)]);
    centre.continue();
    board.setCentre(centre.id, { state: "running" });
    board.tell("healed", `SIGCONT to ${centre.id}`);
  }

  async #cut(target: Target, hurry: AbortSignal): Promise<void> {
    const { board, store } = this.#options;
    const { centre } = target;
    this.#note("cut", target, `${centre.id} is cut off from the store`);
    store.cut(centre.id);
    board.setCentre(centre.id, { state: "cut off" });
    await this.#settled(target, hurry);
    store.heal(centre.id);
    board.setCentre(centre.id, { state: "running" });
    board.tell("healed", `${centre.id} reaches the store again`);
  }

  #note(kind: FaultKind, { centre, term }: Target, text: string): void {
    this.faults.push({ kind, candidateId: centre.id, term, atMs: monotonicMs() });
    this.#options.board.tell("fault", `${text}, which leads in term ${term}`);
  }

  /** Waits until a client has been told of a write by a later leader. */
  async #settled({ term }: Target, hurry: AbortSignal): Promise<void> {
    const { board } = this.#options;
    const limits = { signal: hurry, timeoutMs: settleTimeoutMs };
    if (await board.until(() => board.highestTerm > term, limits)) {
      const afterMs = monotonicMs() - (this.faults.at(-1)?.atMs ?? 0);
      board.tell("healed", `orders are accepted again, ${formatDuration(afterMs)} after the fault`);
    } else if (!hurry.aborted) {
      board.tell("note", `nobody has taken over within ${settleTimeoutMs / 1_000} s`);
    }
  }
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, durationMs), undefined, { signal }).catch(() => {
    // Only the signal ends it early; the caller goes on either way.
  });
}
