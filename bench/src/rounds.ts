import { setImmediate as turn } from "node:timers/promises";

import type { Measurement } from "./case.ts";

/** How {@link measureInRounds} goes about it. */
export interface RoundsOptions {
  readonly rounds: number;
  /** Told after each measurement. */
  readonly progress: (line: string) => void;
}

/**
 * Measures each case once a round, in an order that moves on by one from round to round: whatever
 * the machine does meanwhile, and whatever a case leaves behind, meets all of them alike.
 */
export async function measureInRounds<Name extends string>(
  cases: Readonly<Record<Name, () => Promise<Measurement>>>,
  { rounds, progress }: RoundsOptions,
): Promise<Readonly<Record<Name, readonly Measurement[]>>> {
  const names = Object.keys(cases) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    Measurement[]
  >;
  for (let round = 0; round < rounds; round += 1) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const measurement = await cases[name]();
      results[name].push(measurement);
      progress(`round ${round + 1}/${rounds}  ${name}: ${describe(measurement)}`);
      await turn();
    }
  }
  return results;
}

/** One value of each measurement, in the order of the rounds. */
export function valuesOf(measurements: readonly Measurement[], key: string): readonly number[] {
  return measurements.map((measurement) => {
    const value = measurement[key];
    if (value === undefined) throw new TypeError(`the case did not measure ${key}`);
    return value;
  });
}

function describe(measurement: Measurement): string {
  const parts = Object.entries(measurement).map(([key, value]) => `${key} ${value.toPrecision(4)}`);
  return parts.join(", ");
}
