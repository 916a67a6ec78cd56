import type { Transition } from "../candidacy/candidacy-state.ts";
import { isRegressed, type TermRule } from "./term-memory.ts";
import { transition } from "../candidacy/transition.ts";
import { validityRules, type ValidityRules } from "./validity.ts";

/**
 * The deciding code, all pure. It is a part like clock and chance, so that a simulation can show
 * what happens without one of its guards.
 */
export interface Rules {
  readonly transition: Transition;
  readonly validity: ValidityRules;
  readonly isRegressed: TermRule;
}

/** The rules as `SPEC.md` has them. */
export const RULES: Rules = { transition, validity: validityRules, isRegressed };
