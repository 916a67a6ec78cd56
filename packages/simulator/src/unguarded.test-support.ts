import { RULES, transition, type Rules } from "@mandate/election/internal";
import type { StoreRequest } from "@mandate/testing";
import type { Variant } from "./process/sim-process.ts";
import { SOUND_RECIPE, type ClientRecipe } from "./store/cluster-client.ts";

/** The election, its store's client or its work without one guard. */
export type Unguarded = Partial<Variant>;

/** Nothing ever lapses: whoever led once believes in its mandate for ever. */
export const withoutClock: Unguarded = {
  rules: rules({
    validity: { ...RULES.validity, remainingMs: (_validity, _now, { validMs }) => validMs },
  }),
};

/** Terms may fall. */
export const withoutTermMemory: Unguarded = { rules: rules({ isRegressed: () => false }) };

/** A hint that one's claim is first is as good as a read. */
export const withoutConfirmation: Unguarded = {
  rules: rules({
    transition: (state, event, context) => {
      if (state.kind !== "waiting" || event.type !== "hinted") {
        return transition(state, event, context);
      }
      const { past, claim } = state;
      const read = { type: "read", snapshot: event.snapshot } as const;
      return transition({ kind: "confirming", past, claim }, read, context);
    },
  }),
};

/** A leader does not believe in a store that went back in time. */
export const withoutDoubtInTheClaim: Unguarded = {
  rules: rules({
    transition: (state, event, context) => {
      const isOld =
        event.type === "read" && "claim" in state && state.claim !== undefined
          ? event.snapshot.revision < state.claim.term
          : false;
      const reigns = state.kind === "leading" || state.kind === "verifying";
      return isOld && reigns ? { ...state, kind: "leading" } : transition(state, event, context);
    },
  }),
};

/** A renewal counts from its answer. */
export const withValidityFromTheAnswer: Unguarded = {
  rules: rules({
    validity: {
      ...RULES.validity,
      afterRenewal: (validity, { now }, timings) =>
        RULES.validity.afterRenewal(validity, { sentAt: now, now }, timings),
    },
  }),
};

/** A keep-alive that a member confirms is a renewal. */
export const withoutProofOfQuorum: Unguarded = { recipe: recipe({ provesQuorum: false }) };

/** What has lapsed lives again with the next answer. */
export const withoutLatch: Unguarded = {
  rules: rules({
    validity: {
      ...RULES.validity,
      afterRenewal: ({ period }, { sentAt }) => ({ sentAt, period }),
    },
    transition: (state, event, context) => {
      const reigns = state.kind === "leading" || state.kind === "verifying";
      return reigns && event.type === "drainDue" ? state : transition(state, event, context);
    },
  }),
};

/** A mandate that ends is given back at once, whatever the work does. */
export const withoutWaitingForWork: Unguarded = {
  rules: rules({
    transition: (state, event, context) => {
      const next = transition(state, event, context);
      return next.kind === "draining" ? transition(next, { type: "workSettled" }, context) : next;
    },
  }),
};

/** Nobody looks for claims that landed late. */
export const withoutAudit: Unguarded = {
  recipe: recipe({
    believe: (request, answer) =>
      request.kind === "claims" && answer.ok ? { ok: true, reply: [] } : answer,
  }),
};

/** A request to stand that got no answer has surely been carried out. */
export function withoutDoubtInAnswers(): Unguarded {
  let revision = 0n;
  return {
    recipe: recipe({
      believe: (_, answer) => {
        const reply = answer.ok && typeof answer.reply === "object" ? answer.reply : undefined;
        if (reply !== undefined && "revision" in reply) ({ revision } = reply);
        return answer;
      },
      onFailure: (request) => {
        if (request.kind !== "stand") return undefined;
        const { sessionId, election, registration } = request.body;
        const claim = { election, id: sessionId, term: revision + 1n, sessionId, registration };
        const snapshot = { storeId: "", revision: claim.term, claims: [claim], control: undefined };
        return { ok: true, reply: { claim, snapshot } };
      },
    }),
  };
}

/** Withdrawing removes whoever is first. */
export const withUnconditionalWithdrawal: Unguarded = {
  recipe: recipe({
    alter: (request, read): StoreRequest => {
      if (request.kind !== "withdraw") return request;
      const { sessionId, claim } = request.body;
      const first = read(claim.election).claims[0] ?? claim;
      return { kind: "withdraw", body: { sessionId, claim: first } };
    },
  }),
};

/** The fence learns of a new leader by its first write. */
export const withoutRaisedFence: Unguarded = { fenceUse: { raisesBeforeRead: false } };

/** A candidate that waits is deaf. */
export const withoutNews: Unguarded = {
  rules: rules({
    transition: (state, event, context) =>
      state.kind === "waiting" && (event.type === "hinted" || event.type === "wake")
        ? state
        : transition(state, event, context),
  }),
};

/** A candidate whose call failed gives up, and tells nobody. */
export const withoutPerseverance: Unguarded = {
  rules: rules({
    transition: (state, event, context) =>
      state.kind === "idle" && event.type === "wake" && state.past.failures > 0
        ? state
        : transition(state, event, context),
  }),
};

/** Nobody feels unhealthy. */
export const withoutHealth: Unguarded = {
  rules: rules({
    transition: (state, event, context) => transition(state, event, { ...context, healthy: true }),
  }),
};

function rules(change: Partial<Rules>): Rules {
  return { ...RULES, ...change };
}

function recipe(change: Partial<ClientRecipe>): ClientRecipe {
  return { ...SOUND_RECIPE, ...change };
}
