import { createHash } from "node:crypto";

/**
 * What a file in an election's folder is. Names never change and contents never change under a
 * name, so that the list of names is the election's whole state.
 */
export type Entry =
  | { readonly kind: "claim"; readonly number: number }
  | { readonly kind: "gone"; readonly number: number }
  | { readonly kind: "registration"; readonly number: number; readonly version: number }
  | { readonly kind: "control"; readonly version: number };

/** The name of a folder that holds the entries of an election, and what was cleared out of it. */
export interface Generation {
  /** Grows with each clearing. */
  readonly epoch: number;
  /** The greatest claim at the last clearing: no number up to this one is ever given again. */
  readonly claims: number;
  /** The control record's version at the last clearing: no version up to this one, either. */
  readonly control: number;
}

/** The folder of an election: readable for people, exact by its hash, whatever the name is. */
export function electionFolderName(election: string): string {
  const readable = election.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const exact = createHash("sha256").update(election).digest("hex").slice(0, 32);
  return `${readable.slice(0, 40)}.${exact}`;
}

/** The name of the file for an entry. */
export function entryName(entry: Entry): string {
  switch (entry.kind) {
    case "claim":
      return `${entry.number}`;
    case "gone":
      return `${entry.number}.gone`;
    case "registration":
      return `${entry.number}.r${entry.version}`;
    case "control":
      return `c${entry.version}`;
  }
}

/** The entry that a file stands for; undefined when the file is none of ours. */
export function parseEntry(name: string): Entry | undefined {
  const claim = /^(\d{1,15})(?:\.(gone)|\.r(\d{1,15}))?$/.exec(name);
  if (claim !== null) {
    const number = Number(claim[1]);
    if (claim[2] !== undefined) return { kind: "gone", number };
    if (claim[3] === undefined) return { kind: "claim", number };
    return { kind: "registration", number, version: Number(claim[3]) };
  }
  const control = /^c(\d{1,15})$/.exec(name);
  return control === null ? undefined : { kind: "control", version: Number(control[1]) };
}

/** The name of the folder of a generation. */
export function generationName({ epoch, claims, control }: Generation): string {
  return `${epoch}-${claims}-${control}`;
}

/** The generation that a folder holds; undefined when the folder is none of ours. */
export function parseGeneration(name: string): Generation | undefined {
  const match = /^(\d{1,15})-(\d{1,15})-(\d{1,15})$/.exec(name);
  if (match === null) return undefined;
  return { epoch: Number(match[1]), claims: Number(match[2]), control: Number(match[3]) };
}
