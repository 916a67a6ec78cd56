// For sister packages: no promise of stability.
export { RULES } from "./session/rules.ts";
export { transitions, transition, INITIAL_STATE } from "./candidacy/transition.ts";
export { validityRules, remainingMs, afterRenewal, elapsedMs } from "./session/validity.ts";
export { isRegressed } from "./session/term-memory.ts";
export { resolveTimings } from "./session/timings.ts";
export { connectStore } from "./session/store-loader.ts";
export { systemClock, systemRandom } from "./time/system-clock.ts";
export { decodeRegistration, encodeRegistration } from "./candidacy/registration.ts";
export { decodeControl, encodeControl } from "./control/control-record.ts";
export { checkName } from "./names.ts";

export type { Rules } from "./session/rules.ts";
export type { TransitionTable } from "./candidacy/transition.ts";
export type { Validity, ValidityRules } from "./session/validity.ts";
export type { TermRule } from "./session/term-memory.ts";
export type { Timings, TimingOptions } from "./session/timings.ts";
export type { ControlRecord, ControlRequest } from "./control/control-record.ts";
export type { Registration } from "./candidacy/registration.ts";
export type {
  CandidacyContext,
  CandidacyEvent,
  CandidacyState,
  Transition,
} from "./candidacy/candidacy-state.ts";
