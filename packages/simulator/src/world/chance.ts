import type { Random } from "@mandate/election";

/** True with this probability. */
export function chance(random: Random, probability: number): boolean {
  return probability > 0 && random.fraction() < probability;
}

/** A number at least `min` and less than `max`. */
export function between(random: Random, min: number, max: number): number {
  return min + random.fraction() * (max - min);
}

/** A whole number at least `min` and at most `max`. */
export function wholeBetween(random: Random, min: number, max: number): number {
  return min + Math.floor(random.fraction() * (max - min + 1));
}

/** One of the items. @throws when there is none */
export function pick<Item>(random: Random, items: readonly Item[]): Item {
  if (items.length === 0) throw new Error("there is nothing to pick from");
  return items[Math.floor(random.fraction() * items.length)] as Item;
}

/** The time to the next of events that come by themselves, `meanMs` apart on average. */
export function untilNext(random: Random, meanMs: number): number {
  return -Math.log(1 - random.fraction()) * meanMs;
}
