import type { AcceptedOrder } from "../audit/ledger-audit.ts";
import type { DemoPlan } from "../demo-plan.ts";
import { monotonicMs } from "../monotonic.ts";
import type { RunningDemo } from "../run-demo.ts";
import type { Scoreboard } from "../scoreboard.ts";
import type { DemoMoment } from "./live-view.ts";

/** What a moment is read from. */
export interface MomentSources {
  readonly board: Scoreboard;
  readonly running: RunningDemo;
  readonly plan: DemoPlan;
  readonly hints: readonly string[];
}

const ratesPerSecond = 2;
const rateCount = 240;

/** The demo as it is now. */
export function momentOf({ board, running, plan, hints }: MomentSources): DemoMoment {
  const { load, store } = running;
  const nowMs = monotonicMs();
  const { leader } = board;
  return {
    storeTitle: store.title,
    ttlMs: store.ttlMs,
    elapsedMs: nowMs - board.startedAtMs,
    forMs: plan.forMs,
    leader,
    leadsForMs: leader === undefined ? 0 : nowMs - leader.sinceMs,
    centres: [...board.centres.values()],
    accepted: load.accepted.length,
    waiting: load.waiting,
    refused: [...load.refused.values()].reduce((sum, count) => sum + count, 0),
    staleWritesRefused: board.staleWritesRefused,
    rates: ratesOf(load.accepted, nowMs),
    ratesPerSecond,
    events: board.events,
    hints,
  };
}

/** Orders accepted in each of the last intervals that are over, the newest last. */
export function ratesOf(accepted: readonly AcceptedOrder[], nowMs: number): readonly number[] {
  const rates = Array.from({ length: rateCount }, () => 0);
  const intervalMs = 1_000 / ratesPerSecond;
  const endMs = Math.floor(nowMs / intervalMs) * intervalMs;
  for (let at = accepted.length - 1; at >= 0; at -= 1) {
    const age = Math.ceil((endMs - (accepted[at]?.atMs ?? 0)) / intervalMs);
    if (age > rateCount) break;
    if (age >= 1) rates[rateCount - age] = (rates[rateCount - age] ?? 0) + 1;
  }
  return rates;
}
