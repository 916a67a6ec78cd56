import fc from "fast-check";
import { expect, test } from "vitest";
import { EMPTY_CONTROL } from "../control/control-record.ts";
import { resolveTimings } from "../session/timings.ts";
import type { Claim, ElectionSnapshot } from "../store.ts";
import type { CandidacyContext, CandidacyEvent, CandidacyState } from "./candidacy-state.ts";
import { encodeRegistration } from "./registration.ts";
import { INITIAL_STATE, transition, transitions } from "./transition.ts";

const claimOf = (attemptId: string, term: bigint, sessionId = "own"): Claim => ({
  election: "jobs",
  id: `${sessionId}/${term}`,
  term,
  sessionId,
  registration: encodeRegistration({ candidate: { id: sessionId }, healthy: true, attemptId }),
});

const snapshotOf = (claims: readonly Claim[], revision: bigint): ElectionSnapshot => ({
  storeId: "store",
  revision,
  claims,
  control: undefined,
});

const claims = fc.subarray([
  claimOf("1", 3n),
  claimOf("2", 5n),
  claimOf("", 2n, "other"),
  claimOf("", 7n, "another"),
]);
const snapshots = fc
  .tuple(claims, fc.bigInt({ min: 0n, max: 9n }))
  .map(([each, revision]) => snapshotOf(each, revision));

const events: fc.Arbitrary<CandidacyEvent> = fc.oneof(
  fc
    .constantFrom("wake", "doubted", "withdrawn", "sessionLost", "drainDue", "abandoned")
    .map((type) => ({ type })),
  fc.constantFrom({ type: "stop" as const }, { type: "workSettled" as const }),
  fc
    .tuple(fc.constantFrom(claimOf("1", 3n), claimOf("2", 5n)), snapshots)
    .map(([claim, snapshot]) => ({ type: "stood" as const, claim, snapshot })),
  snapshots.map((snapshot) => ({ type: "read" as const, snapshot })),
  snapshots.map((snapshot) => ({ type: "hinted" as const, snapshot })),
  fc.boolean().map((found) => ({ type: "updated" as const, found })),
  fc
    .constantFrom("no" as const, "unknown" as const)
    .map((applied) => ({ type: "callFailed" as const, applied })),
);

const contexts: fc.Arbitrary<CandidacyContext> = fc
  .record({
    monotonicMs: fc.integer({ min: 0, max: 10_000 }),
    untilDrainMs: fc.integer({ min: -500, max: 2_000 }),
    period: fc.integer({ min: 1, max: 2 }),
    open: fc.boolean(),
    healthy: fc.boolean(),
    paused: fc.boolean(),
    regressed: fc.boolean(),
    attempt: fc.constantFrom("1", "2"),
  })
  .map(({ monotonicMs, untilDrainMs, period, open, healthy, paused, regressed, attempt }) => {
    const now = { monotonicMs, wallMs: monotonicMs };
    const session = { id: "own", validity: { sentAt: now, period }, untilDrainMs };
    return {
      now,
      timings: resolveTimings({ ttlMs: 2_000 }, 0),
      session: open ? session : undefined,
      self: { id: "own" },
      healthy,
      preferences: { preferredRegions: [], minimumTenureMs: 60_000 },
      control: () => ({ ...EMPTY_CONTROL, paused }),
      regressed: () => regressed,
      termOf: ({ term }: Claim) => term,
      newAttemptId: () => attempt,
    };
  });

const steps = fc.array(fc.tuple(events, contexts), { maxLength: 40 });

/** Runs the machine over `path` and shows each step to `look`. */
function follow(
  path: readonly (readonly [CandidacyEvent, CandidacyContext])[],
  look: (step: {
    readonly before: CandidacyState;
    readonly event: CandidacyEvent;
    readonly context: CandidacyContext;
    readonly after: CandidacyState;
  }) => void,
): void {
  let before: CandidacyState = INITIAL_STATE;
  for (const [event, context] of path) {
    const after = transition(before, event, context);
    look({ before, event, context, after });
    before = after;
  }
}

const reigns = (state: CandidacyState): boolean =>
  state.kind === "leading" || state.kind === "verifying";

test("every state has an answer to every event", () => {
  const answers = Object.values(transitions).map((row) => Object.keys(row).length);
  expect(answers).toHaveLength(10);
  expect(new Set(answers)).toEqual(new Set([13]));
});

test("S3: only a linearizable answer that shows one's own claim first makes a leader", () => {
  fc.assert(
    fc.property(steps, (path) => {
      follow(path, ({ before, event, context, after }) => {
        if (!reigns(after) || reigns(before)) return;
        expect(event.type === "read" || event.type === "stood").toBe(true);
        if (event.type !== "read" && event.type !== "stood") return;
        const [first] = event.snapshot.claims;
        expect("claim" in after && after.claim).toMatchObject({ term: first?.term, id: first?.id });
        expect(context.session?.untilDrainMs).toBeGreaterThan(0);
        expect(context.regressed(claimOf("1", 3n), event.snapshot)).toBe(false);
        expect(context.control(event.snapshot).paused).toBe(false);
      });
    }),
    { numRuns: 2_000 },
  );
});

test("S3: a candidacy leads once at most", () => {
  fc.assert(
    fc.property(steps, (path) => {
      let reignsBegun = 0;
      follow(path, ({ before, after }) => {
        if (reigns(after) && !reigns(before)) reignsBegun += 1;
        expect(reignsBegun).toBeLessThanOrEqual(1);
      });
    }),
    { numRuns: 2_000 },
  );
});

test("S5: a leader's claim is withdrawn only when its work has settled or was given up", () => {
  fc.assert(
    fc.property(steps, (path) => {
      follow(path, ({ before, event, after }) => {
        if (!reigns(before) && before.kind !== "draining") return;
        if (after.kind !== "withdrawing" && after.kind !== "ended") return;
        expect(event.type === "workSettled" || event.type === "abandoned").toBe(true);
        if (reigns(before)) expect(event.type).toBe("workSettled");
      });
    }),
    { numRuns: 2_000 },
  );
});

test("S6: an unknown answer leads to a withdrawal, a sure no does not", () => {
  const standing: CandidacyState = {
    ...INITIAL_STATE,
    kind: "standing",
    attemptId: "1",
    stopping: false,
  };
  fc.assert(
    fc.property(contexts, (context) => {
      const unknown = transition(standing, { type: "callFailed", applied: "unknown" }, context);
      expect(unknown).toMatchObject({ kind: "withdrawing", attemptId: "1", next: "stand" });
      const no = transition(standing, { type: "callFailed", applied: "no" }, context);
      expect(no).toMatchObject({ kind: "idle", past: { failures: 1 } });
    }),
  );
});

test("L2: nothing ends a candidacy but its owner, the end of its mandate, or fallen terms", () => {
  fc.assert(
    fc.property(steps, (path) => {
      let told = false;
      let led = false;
      let fell = false;
      follow(path, ({ event, context, after }) => {
        told ||= event.type === "stop" || event.type === "workSettled";
        led ||= reigns(after);
        fell ||= context.regressed(claimOf("1", 3n), snapshotOf([], 0n));
        expect(after.kind !== "ended" || told || led || fell).toBe(true);
      });
    }),
    { numRuns: 2_000 },
  );
});

test("an ended candidacy stays as it is, whatever comes", () => {
  const over = transition(INITIAL_STATE, { type: "stop" }, {} as CandidacyContext);
  expect(over).toMatchObject({ kind: "ended", reason: "stopped" });
  fc.assert(
    fc.property(fc.tuple(events, contexts), ([event, context]) => {
      expect(transition(over, event, context)).toBe(over);
    }),
  );
});
