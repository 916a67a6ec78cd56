import type { ControlRecord } from "../control/control-record.ts";
import { MandateError } from "../errors.ts";
import type { Claim } from "../store.ts";

/** Signed 64 bits: what databases and headers can carry. */
const MAX_TERM = 2n ** 63n - 1n;

/** The rule that finds falling terms (S2). */
export type TermRule = (
  claim: { readonly term: bigint; readonly id: string },
  seen: { readonly highest: LedTerm | undefined; readonly recorded: bigint | undefined },
) => boolean;

/** A term that was seen leading. */
export interface LedTerm {
  readonly term: bigint;
  readonly claimId: string;
}

/**
 * True when the claim's term is not above every term that led before: the store was restored from
 * a backup, rebuilt or replaced, and its count began anew.
 */
export const isRegressed: TermRule = (claim, { highest, recorded }) => {
  if (recorded !== undefined && claim.term < recorded) return true;
  if (highest === undefined || claim.term > highest.term) return false;
  return claim.term < highest.term || claim.id !== highest.claimId;
};

/** Remembers, for the life of the process, the highest term seen leading in each election (S2). */
export class TermMemory {
  readonly #highest = new Map<string, LedTerm>();
  readonly #termFloor: bigint;
  readonly #rule: TermRule;

  constructor(termFloor: bigint, rule: TermRule = isRegressed) {
    this.#termFloor = termFloor;
    this.#rule = rule;
  }

  /**
   * The claim's term as everyone outside the store sees it: `termFloor` + the store's own.
   * @throws `INVALID_OPTIONS` when the sum does not fit 63 bits
   */
  termOf(claim: Claim): bigint {
    const term = this.#termFloor + claim.term;
    if (term <= MAX_TERM) return term;
    throw new MandateError(
      `termFloor ${this.#termFloor} + ${claim.term} is over 2^63 - 1: choose a smaller termFloor`,
      { code: "INVALID_OPTIONS" },
    );
  }

  /** Takes note of a claim that leads. */
  note(claim: Claim): void {
    const term = this.termOf(claim);
    const known = this.#highest.get(claim.election);
    if (known === undefined || term > known.term) {
      this.#highest.set(claim.election, { term, claimId: claim.id });
    }
  }

  highest(election: string): bigint | undefined {
    return this.#highest.get(election)?.term;
  }

  regressed(claim: Claim, control: ControlRecord): boolean {
    const seen = {
      highest: this.#highest.get(claim.election),
      recorded: control.terms.at(-1)?.term,
    };
    return this.#rule({ term: this.termOf(claim), id: claim.id }, seen);
  }
}
