import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { ELECTION_CHANNEL, type ElectionEvent } from "@mandate/election";
import { SeededRandom, VirtualClock } from "@mandate/testing";
import type { Variant } from "./process/sim-process.ts";
import { SOUND_RECIPE } from "./store/cluster-client.ts";
import type { JournalReader, Violation } from "./world/journal.ts";
import { dealScenario, type Scenario } from "./world/scenario.ts";
import { World } from "./world/world.ts";

/** How a seed is run. */
export interface SimulateOptions {
  /** @defaultValue everything as it should be */
  readonly variant?: Partial<Variant>;
  /** Reads the journal along. */
  readonly reader?: JournalReader;
}

/** What became of a seed. */
export interface SimulationResult {
  readonly seed: number;
  /** Empty: all promises were kept. */
  readonly violations: readonly Violation[];
  /** Overlaps outside of the promise: a claim was ended early, or a clock ran beyond the bound. */
  readonly excusedOverlaps: number;
  /** How many mandates there were. */
  readonly mandates: number;
  /** How much time passed in the world, in milliseconds. */
  readonly simulatedMs: number;
}

/** How often a condition that never comes is asked for, in simulated milliseconds. */
const LIMIT_MS = 3_600_000;

/** Runs the world of one seed to its end, or to the first broken promise. */
export async function simulate(
  seed: number,
  options: SimulateOptions = {},
): Promise<SimulationResult> {
  const scenario = dealScenario(seed, new SeededRandom(seed));
  const clock = new VirtualClock();
  const variant = {
    recipe: SOUND_RECIPE,
    fenceUse: { raisesBeforeRead: true },
    ...options.variant,
  };
  const world = new World({ clock, scenario, variant, reader: options.reader });
  const { journal } = world;
  const onEvent = (event: unknown): void => world.seeEvent(event as ElectionEvent);
  const onRejection = (reason: unknown): void => {
    journal.violate("crash", `a promise was rejected and nobody cared: ${textOf(reason)}`);
  };
  subscribe(ELECTION_CHANNEL, onEvent);
  process.on("unhandledRejection", onRejection);
  const run = (until: () => boolean): Promise<void> =>
    clock.runUntil(() => journal.violations.length > 0 || until(), { limitMs: LIMIT_MS });
  try {
    await live(world, scenario, run);
  } catch (error) {
    journal.violate("crash", textOf(error));
  } finally {
    world.end();
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", onRejection);
    unsubscribe(ELECTION_CHANNEL, onEvent);
  }
  return {
    seed,
    violations: journal.violations,
    excusedOverlaps: world.excusedOverlaps,
    mandates: world.mandates,
    simulatedMs: clock.now().monotonicMs,
  };
}

async function live(
  world: World,
  { healAtMs, endAtMs }: Scenario,
  run: (until: () => boolean) => Promise<void>,
): Promise<void> {
  world.begin();
  await run(() => world.nowMs >= healAtMs);
  if (world.journal.violations.length > 0) return;
  world.heal();
  await run(() => world.nowMs >= endAtMs);
  if (world.journal.violations.length > 0) return;
  world.checkCalm();
  const closed = world.close();
  await run(closed);
  if (world.journal.violations.length === 0) world.checkClosed();
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
