import type { Candidate, OverrunPolicy, Random } from "@mandate/election";
import { between, chance, pick, wholeBetween } from "./chance.ts";
import type { NetworkFaults } from "./network.ts";
import type { WatchFaults } from "../store/cluster-client.ts";

/** A fault that comes again and again, by itself. */
export type FaultKind =
  | "cut"
  | "pause"
  | "suspend"
  | "crash"
  | "wall-jump"
  | "rate-change"
  | "depose"
  | "member-down"
  | "mute"
  | "restart"
  | "restore"
  | "delete-claim"
  | "end-session"
  | "health"
  | "operator"
  | "reopen"
  | "leave";

/** One process of a scenario. */
export interface ProcessPlan {
  readonly candidate: Candidate;
  readonly onOverrun: OverrunPolicy;
  /** Of its machine's clocks. */
  readonly rate: number;
  /** How late timers may be, in milliseconds. */
  readonly latenessMs: number;
  /** To members of the store and to the resource, in milliseconds. */
  readonly latencyMs: number;
  readonly preferredRegions: readonly string[];
}

/** Everything that a seed decides before the world begins. */
export interface Scenario {
  readonly seed: number;
  readonly elections: readonly string[];
  readonly processes: readonly ProcessPlan[];
  readonly ttlMs: number;
  readonly drift: number;
  readonly marginMs: number | undefined;
  readonly minimumTenureMs: number;
  /** True when all candidates rank each other alike. */
  readonly agreed: boolean;
  readonly serverRate: number;
  readonly lateExpiryMs: number;
  readonly liesWhenDeposed: boolean;
  readonly network: NetworkFaults;
  readonly watches: WatchFaults;
  /** The mean time between two faults of a kind, in milliseconds; missing: never. */
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** Work fails, overruns, or never ends. */
  readonly faultyWork: boolean;
  /** A clock may run beyond the bound: nothing is promised then but the fence. */
  readonly driftsBeyond: boolean;
  /** Faults happen until then; afterwards everything works. */
  readonly healAtMs: number;
  /** The end. */
  readonly endAtMs: number;
}

/** Mean times between faults of a kind, in TTLs, and how likely a seed has them at all. */
const FAULTS: readonly (readonly [FaultKind, number, number])[] = [
  ["cut", 2, 0.5],
  ["pause", 2.5, 0.5],
  ["suspend", 4, 0.25],
  ["crash", 4, 0.5],
  ["wall-jump", 3, 0.25],
  ["rate-change", 3, 0.25],
  ["depose", 3, 0.4],
  ["member-down", 3, 0.3],
  ["mute", 4, 0.2],
  ["restart", 8, 0.15],
  ["restore", 5, 0.15],
  ["delete-claim", 5, 0.15],
  ["end-session", 6, 0.15],
  ["health", 2, 0.4],
  ["operator", 2, 0.4],
  ["reopen", 6, 0.3],
  ["leave", 4, 0.4],
];

/** So long faults may happen, in TTLs. */
const SAFETY_TTLS = 10;

/** So long the world lives on after it was healed, in TTLs. */
const CALM_TTLS = 6;

/** Deals a scenario. Swarm: each seed turns some faults off altogether. */
export function dealScenario(seed: number, random: Random): Scenario {
  const ttlMs = pick(random, [2_000, 3_000, 5_000]);
  const drift = pick(random, [0.01, 0.01, 0.05]);
  const faults = new Map<FaultKind, number>();
  for (const [kind, everyTtls, probability] of FAULTS) {
    if (chance(random, probability)) faults.set(kind, everyTtls * ttlMs * between(random, 0.5, 2));
  }
  const agreed = chance(random, 0.7);
  const regions = ["north", "south", "west"];
  const shared = chance(random, 0.5) ? [pick(random, regions)] : [];
  const processes = Array.from({ length: wholeBetween(random, 2, 5) }, (_, index) => ({
    candidate: {
      id: `p${index}`,
      region: pick(random, regions),
      priority: wholeBetween(random, 0, 2),
    },
    onOverrun: pick<OverrunPolicy>(random, ["hold", "hold", "release", "exit"]),
    rate: 1 + between(random, -0.5, 0.5) * drift,
    latenessMs: chance(random, 0.3) ? between(random, 5, 60) : 1,
    latencyMs: chance(random, 0.3) ? between(random, 20, 60) : between(random, 1, 5),
    preferredRegions: agreed ? shared : [pick(random, regions)],
  }));
  const healAtMs = SAFETY_TTLS * ttlMs * between(random, 0.6, 1);
  return {
    seed,
    elections: ["orders", "reports", "mails"].slice(0, pick(random, [1, 1, 2, 3])),
    processes,
    ttlMs,
    drift,
    // Without a margin the bound on clock rates alone has to carry the promise.
    marginMs: pick(random, [0, 0, undefined]),
    // Candidates that disagree and may take over at once would do nothing else.
    minimumTenureMs: ttlMs * pick(random, agreed ? [0, 0.5, 1] : [0.5, 1]),
    agreed,
    serverRate: 1 + between(random, -0.5, 0.5) * drift,
    lateExpiryMs: pick(random, [0, 0, 500, 1_000]),
    liesWhenDeposed: chance(random, 0.8),
    network: {
      loss: chance(random, 0.4) ? between(random, 0, 0.15) : 0,
      slow: chance(random, 0.4) ? between(random, 0, 0.2) : 0,
      slowMs: ttlMs * between(random, 0.1, 2),
      duplication: chance(random, 0.25) ? between(random, 0, 0.1) : 0,
    },
    watches: {
      hintLoss: chance(random, 0.3) ? between(random, 0, 0.5) : 0,
      silence: chance(random, 0.2) ? between(random, 0, 0.5) : 0,
    },
    faults,
    faultyWork: chance(random, 0.4),
    driftsBeyond: chance(random, 0.05),
    healAtMs,
    endAtMs: healAtMs + CALM_TTLS * ttlMs,
  };
}
