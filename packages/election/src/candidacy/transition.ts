import type {
  CandidacyContext,
  CandidacyEvent,
  CandidacyState,
  Confirming,
  Leading,
  Past,
  Verifying,
  Waiting,
  Yielding,
} from "./candidacy-state.ts";
import { judge, reviewReign } from "./judgement.ts";
import { decodeRegistration } from "./registration.ts";
import {
  afterWithdrawal,
  confirm,
  drain,
  ended,
  failed,
  frozen,
  isSame,
  leave,
  release,
  standAnew,
  untilMsPassed,
  withdraw,
} from "./steps.ts";

type Kind = CandidacyState["kind"];
type StateOf<K extends Kind> = Extract<CandidacyState, { readonly kind: K }>;
type EventOf<T extends CandidacyEvent["type"]> = Extract<CandidacyEvent, { readonly type: T }>;
type Handler<K extends Kind, T extends CandidacyEvent["type"]> = (
  state: StateOf<K>,
  event: EventOf<T>,
  context: CandidacyContext,
) => CandidacyState;

/** Total: a new event or state does not compile before every pair has an answer. */
export type TransitionTable = {
  readonly [K in Kind]: { readonly [T in CandidacyEvent["type"]]: Handler<K, T> };
};

const NOTHING_PAST: Past = {
  headSinceMs: undefined,
  yields: 0,
  vacancyAfter: undefined,
  failures: 0,
};

/** Where a candidacy begins. */
export const INITIAL_STATE: CandidacyState = { kind: "idle", past: NOTHING_PAST };

const stay = <S extends CandidacyState>(state: S): CandidacyState => state;

/** Answers that reach a state which did not ask for them came too late: nothing follows. */
const ignoreAnswers = {
  stood: stay,
  read: stay,
  updated: stay,
  withdrawn: stay,
  callFailed: stay,
} as const;

const inQueue = {
  ...ignoreAnswers,
  wake: stay,
  hinted: stay,
  doubted: stay,
  sessionLost: standAnew,
  drainDue: stay,
  workSettled: (state: Waiting | Confirming | Yielding) => leave(state, "completed"),
  abandoned: stay,
  stop: (state: Waiting | Confirming | Yielding) => leave(state, "stopped"),
  callFailed: (state: Waiting | Confirming | Yielding) => failed(state),
} as const;

const reigning = {
  ...ignoreAnswers,
  wake: (state: Leading | Verifying, _: unknown, context: CandidacyContext) =>
    untilMsPassed(state.wakeAtMs, context) ? { ...state, kind: "verifying" as const } : state,
  hinted: (state: Leading | Verifying, event: EventOf<"hinted">, context: CandidacyContext) =>
    reviewReign(state, event.snapshot, context, "hint"),
  doubted: (state: Leading | Verifying) => ({ ...state, kind: "verifying" as const }),
  sessionLost: (state: Leading | Verifying) => drain(state, "session-lost", undefined),
  drainDue: (state: Leading | Verifying, _: unknown, context: CandidacyContext) =>
    drain(state, "expired", frozen(state, context)),
  workSettled: (state: Leading | Verifying) => release(state, "completed"),
  abandoned: stay,
  stop: (state: Leading | Verifying, _: unknown, context: CandidacyContext) =>
    drain(state, "stopped", frozen(state, context)),
} as const;

export const transitions: TransitionTable = {
  idle: {
    ...ignoreAnswers,
    wake: (state, _, context) =>
      context.session === undefined || context.session.untilDrainMs <= 0
        ? state
        : { ...state, kind: "standing", attemptId: context.newAttemptId(), stopping: false },
    hinted: stay,
    doubted: stay,
    sessionLost: stay,
    drainDue: stay,
    workSettled: (state) => ended(state, "completed"),
    abandoned: stay,
    stop: (state) => ended(state, "stopped"),
  },
  standing: {
    ...ignoreAnswers,
    wake: stay,
    stood: (state, { claim, snapshot }, context) => {
      // A claim that an earlier attempt left: it was given up then, so it never leads (S6).
      const known = decodeRegistration(claim.registration)?.attemptId === state.attemptId;
      if (!known) return withdraw(state, claim, state.stopping ? "end" : "stand");
      if (state.stopping) return withdraw(state, claim, "end");
      const past = { ...state.past, failures: 0, headSinceMs: undefined };
      return judge({ kind: "waiting", past, claim, wakeAtMs: undefined }, snapshot, context);
    },
    hinted: stay,
    doubted: stay,
    callFailed: (state, { applied }) => {
      const past = { ...state.past, failures: state.past.failures + 1 };
      if (applied === "no") {
        return state.stopping ? ended(state, "stopped") : { kind: "idle", past };
      }
      return withdraw({ ...state, past }, undefined, state.stopping ? "end" : "stand");
    },
    sessionLost: (state) => (state.stopping ? ended(state, "stopped") : standAnew(state)),
    drainDue: stay,
    workSettled: (state) => ({ ...state, stopping: true }),
    abandoned: stay,
    stop: (state) => ({ ...state, stopping: true }),
  },
  waiting: {
    ...inQueue,
    doubted: confirm,
    wake: (state, _, context) => (untilMsPassed(state.wakeAtMs, context) ? confirm(state) : state),
    hinted: (state, { snapshot }) => {
      // Taken before the claim was made: it says nothing about it.
      if (snapshot.revision < state.claim.term) return state;
      const place = snapshot.claims.findIndex((claim) => isSame(claim, state.claim));
      return place > 0
        ? { ...state, past: { ...state.past, headSinceMs: undefined } }
        : confirm(state);
    },
  },
  confirming: {
    ...inQueue,
    read: (state, { snapshot }, context) => judge(state, snapshot, context),
  },
  yielding: {
    ...inQueue,
    updated: (state, { found }) => {
      const past = { ...state.past, yields: state.past.yields + 1, headSinceMs: undefined };
      return found ? withdraw({ past }, state.claim, "stand") : standAnew(state);
    },
  },
  leading: reigning,
  verifying: {
    ...reigning,
    read: (state, { snapshot }, context) => reviewReign(state, snapshot, context, "read"),
    // The validity decides how long an unanswered doubt may last.
    callFailed: (state) => failed(state),
  },
  draining: {
    ...ignoreAnswers,
    wake: stay,
    hinted: stay,
    doubted: stay,
    sessionLost: (state) => ({ ...state, reason: "session-lost", validity: undefined }),
    drainDue: stay,
    workSettled: (state) => release(state, state.reason),
    abandoned: (state) => release(state, state.reason),
    stop: stay,
  },
  withdrawing: {
    ...ignoreAnswers,
    wake: stay,
    hinted: stay,
    doubted: stay,
    withdrawn: (state) => afterWithdrawal(state),
    callFailed: (state) => failed(state),
    sessionLost: (state) => afterWithdrawal(state),
    drainDue: stay,
    workSettled: (state) => ({ ...state, next: "end", reason: "completed" }),
    abandoned: stay,
    stop: (state) => (state.next === "end" ? state : { ...state, next: "end", reason: "stopped" }),
  },
  ended: {
    ...ignoreAnswers,
    wake: stay,
    hinted: stay,
    doubted: stay,
    sessionLost: stay,
    drainDue: stay,
    workSettled: stay,
    abandoned: stay,
    stop: stay,
  },
};

/** The next state. Pure; `SPEC.md` lists the invariants that it keeps. */
export function transition(
  state: CandidacyState,
  event: CandidacyEvent,
  context: CandidacyContext,
): CandidacyState {
  // The table pairs each state with its own handlers; TypeScript cannot follow the double lookup.
  const handler = transitions[state.kind][event.type] as Handler<Kind, CandidacyEvent["type"]>;
  return handler(state, event, context);
}
