import { entryName, generationName, parseEntry } from "./file-names.ts";
import type { Entry, Generation } from "./file-names.ts";

/** An election as its file names tell it. Whether a claim's session is alive, they do not tell. */
export interface Listing {
  readonly generation: Generation;
  /** Sorted, so that two listings of one state are equal. */
  readonly names: readonly string[];
  /** Claims that were not withdrawn, in the order of standing. */
  readonly claims: readonly ListedClaim[];
  /** The greatest number that a claim ever had; 0 when there was none. */
  readonly greatest: number;
  /** The control record's version; undefined when nobody wrote one. */
  readonly control: number | undefined;
}

/** A claim that was not withdrawn. */
export interface ListedClaim {
  readonly number: number;
  /** The version of its registration; undefined while it is the one in the claim itself. */
  readonly registration: number | undefined;
}

/** Reads the state out of the names in the folder of a generation. */
export function toListing(generation: Generation, names: readonly string[]): Listing {
  const entries = names.map(parseEntry).filter((entry) => entry !== undefined);
  const gone = new Set(entries.filter((entry) => entry.kind === "gone").map(numberOf));
  const registrations = new Map<number, number>();
  const claims: number[] = [];
  let { claims: greatest, control } = generation;
  for (const entry of entries) {
    if (entry.kind === "control") control = Math.max(control, entry.version);
    if (entry.kind === "registration") {
      const known = registrations.get(entry.number) ?? 0;
      registrations.set(entry.number, Math.max(known, entry.version));
    }
    if (entry.kind !== "claim") continue;
    greatest = Math.max(greatest, entry.number);
    if (!gone.has(entry.number)) claims.push(entry.number);
  }
  claims.sort((a, b) => a - b);
  return {
    generation,
    names: names.toSorted(),
    claims: claims.map((number) => ({ number, registration: registrations.get(number) })),
    greatest,
    control: control === 0 ? undefined : control,
  };
}

/** True when both tell the same state of the same election. */
export function sameListing(a: Listing, b: Listing): boolean {
  return (
    generationName(a.generation) === generationName(b.generation) &&
    a.names.length === b.names.length &&
    a.names.every((name, index) => name === b.names[index])
  );
}

/**
 * How many entries nobody needs since the last clearing; `live` are the numbers of the claims that
 * count. Those from before it are being removed by another process, or are with the next clearing.
 */
export function surplus(listing: Listing, live: ReadonlySet<number>): number {
  const { claims, control } = listing.generation;
  return obsolete(listing, live).filter((entry) =>
    entry.kind === "control" ? entry.version > control : entry.number > claims,
  ).length;
}

/**
 * The names that nobody needs, in the order in which to remove them: a claim before the mark that
 * says that it is gone, else it would count again in between. They may be removed only once a later
 * generation remembers the numbers: a process that was stopped before it created an entry would
 * else create it once more.
 */
export function removable(listing: Listing, live: ReadonlySet<number>): readonly string[] {
  const old = obsolete(listing, live);
  const first = old.filter((entry) => entry.kind === "claim");
  return [...first, ...old.filter((entry) => entry.kind !== "claim")].map(entryName);
}

function obsolete(listing: Listing, live: ReadonlySet<number>): readonly Entry[] {
  const entries = listing.names.map(parseEntry).filter((entry) => entry !== undefined);
  return entries.filter((entry) =>
    entry.kind === "control" ? entry.version !== listing.control : !live.has(entry.number),
  );
}

function numberOf(entry: Exclude<Entry, { readonly kind: "control" }>): number {
  return entry.number;
}
