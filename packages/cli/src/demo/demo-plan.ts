import { parseDuration } from "../duration.ts";
import { usageError } from "../usage-error.ts";
import type { FaultKind } from "./audit/leader-changes.ts";

/** What a demo is to do. All durations in milliseconds. */
export interface DemoPlan {
  /** `local`, `etcd`, or a store's URL. */
  readonly store: string;
  /** In turn; undefined for all that the store allows. */
  readonly chaos: readonly FaultKind[] | undefined;
  readonly everyMs: number;
  readonly forMs: number;
  /** Orders a second. */
  readonly rps: number;
}

/**
 * Reads the options of `mandate demo`.
 * @throws `INVALID_OPTIONS`
 */
export function parseDemoPlan(values: Readonly<Record<string, string | undefined>>): DemoPlan {
  const { store = "local", chaos, every = "5s", for: duration = "30s", rps = "50" } = values;
  return {
    store,
    chaos: chaos === undefined ? undefined : parseChaos(chaos),
    everyMs: parseDuration(every, { option: "--every", minMs: 100, maxMs: 3_600_000 }),
    forMs: parseDuration(duration, { option: "--for", minMs: 1_000, maxMs: 3_600_000 }),
    rps: parseRate(rps),
  };
}

const faultKinds: readonly FaultKind[] = ["kill", "stop", "cut"];

function parseChaos(text: string): readonly FaultKind[] {
  if (text === "none") return [];
  return text.split(",").map((name) => {
    const kind = faultKinds.find((known) => known === name.trim());
    if (kind !== undefined) return kind;
    throw usageError(`--chaos knows no ${JSON.stringify(name)}: list kill, stop and cut, or none`);
  });
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (text.trim() !== "" && rate >= 1 && rate <= 1_000) return rate;
  throw usageError(`--rps is ${JSON.stringify(text)}: give a number from 1 to 1000`);
}
