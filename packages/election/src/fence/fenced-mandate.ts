import { MandateError } from "../errors.ts";
import { checkName } from "../names.ts";

/**
 * What a fence needs of a mandate; every mandate has it. A resource that learns of a mandate from a
 * request builds one of its own (`fenceRequest` does).
 */
export interface FencedMandate {
  readonly election: string;
  /**
   * At least 0, less than 2^63. A mandate of a leader throws `MANDATE_LOST` here once it is lost.
   */
  readonly term: bigint;
  /** Throws `MANDATE_LOST` once the mandate is no longer valid. */
  check(): void;
}

/** The plain part of a {@link FencedMandate}: who writes, and in which term. */
export type FencedTerm = Pick<FencedMandate, "election" | "term">;

/**
 * Reads election and term once, so that all that follows speaks of the same term.
 * @throws `MANDATE_LOST` by the mandate itself, `INVALID_NAME`, `INVALID_OPTIONS` for what is no
 * term
 */
export function readFencedTerm(mandate: FencedTerm): FencedTerm {
  const { election, term } = mandate;
  checkName("election", election);
  if (!isTerm(term)) {
    throw new MandateError(
      `${String(term)} is not a term: terms are bigints of at least 0 and less than 2^63`,
      { code: "INVALID_OPTIONS", applied: "no" },
    );
  }
  return { election, term };
}

/** True for a bigint that a signed 64-bit column can hold and that is not negative. */
export function isTerm(value: unknown): value is bigint {
  return typeof value === "bigint" && value >= 0n && value < 2n ** 63n;
}

/** The refusal that every fence throws: it has seen `seenTerm`, which is greater than ours. */
export function staleTerm({ election, term }: FencedTerm, seenTerm: bigint): MandateError {
  return new MandateError(
    `refused: term ${term} of election "${election}" is over, its fence has seen term ` +
      `${seenTerm}. Another leader took over: stop this work, and begin it anew under a new ` +
      "mandate",
    { code: "STALE_TERM", applied: "no" },
  );
}
