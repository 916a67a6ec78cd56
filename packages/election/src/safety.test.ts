import { afterEach, beforeEach, expect, test } from "vitest";
import type { HeldMandate, Mandate, Session } from "@mandate/election";
import { fateOf, refusal, untilAborted, World } from "./world.test-support.ts";

const TTL_MS = 2_000;
/** TTL - 1 % drift - 500 ms margin: what `SPEC.md` calls the validity. */
const VALID_MS = 1_480;

let world: World;
let a: Session;
let b: Session;
beforeEach(async () => {
  world = new World();
  a = await world.open("a");
  b = await world.open("b");
});
afterEach(async () => {
  world.fate = () => "pass";
  await world.settle(Promise.all([a.close(), b.close()]));
  world.stop();
});

/** `a` leads, `b` waits behind it. */
async function leaderAndFollower(): Promise<{
  readonly mandate: HeldMandate;
  readonly next: Promise<HeldMandate>;
}> {
  const mandate = await world.settle(a.election("jobs").campaign());
  const next = b.election("jobs").campaign();
  await world.clock.advance(10);
  return { mandate, next };
}

async function finish(...mandates: readonly Promise<HeldMandate>[]): Promise<void> {
  for (const each of mandates) await world.settle((await world.settle(each)).resign());
}

test("S1: the old mandate is over before the store can give the claim to another", async () => {
  const { mandate, next } = await leaderAndFollower();
  world.fate = fateOf("lose-request", { of: "a" });
  let endedAtMs = 0;
  mandate.signal.addEventListener("abort", () => (endedAtMs = world.clock.now().monotonicMs));
  const follower = await world.settle(next);
  expect(mandate.active).toBe(false);
  const electedAtMs = world.of("elected").at(-1)?.atMs ?? 0;
  const [draining] = world.of("draining");
  expect(endedAtMs).toBeGreaterThan(0);
  expect(draining?.validUntilMs).toBeLessThan(electedAtMs);
  expect(follower.active).toBe(true);
  world.fate = () => "pass";
  await world.settle(mandate.resign());
  await world.settle(follower.resign());
});

test("S2: refuses to lead when the store's terms have fallen, and says what to do", async () => {
  const backup = world.server.backup();
  await finish(a.election("jobs").campaign());
  await finish(a.election("jobs").campaign());
  await world.clock.advance(5_000);
  world.server.restore(backup);
  await world.clock.advance(5_000);
  await expect(world.settle(a.election("jobs").campaign())).rejects.toMatchObject({
    code: "TERM_REGRESSED",
    message: expect.stringMatching(/termFloor/),
  });
  expect((await a.election("jobs").status()).contenders).toEqual([]);
});

test("S2: termFloor lifts every term above those of the store's earlier life", async () => {
  const lifted = await world.open("c", { termFloor: 1_000_000n });
  const mandate = await world.settle(lifted.election("jobs").campaign());
  expect(mandate.term).toBeGreaterThan(1_000_000n);
  expect((await lifted.election("jobs").status()).term).toBe(mandate.term);
  await world.settle(mandate.resign());
  await world.settle(lifted.close());
});

test("S2, pitfall 21: terms above 2^53 stay exact, and none passes 2^63 - 1", async () => {
  const lifted = await world.open("c", { termFloor: 2n ** 62n });
  const mandate = await world.settle(lifted.election("jobs").campaign());
  expect(mandate.term).toBeGreaterThan(2n ** 62n);
  expect(JSON.parse(JSON.stringify(mandate))).toMatchObject({ term: String(mandate.term) });
  await world.settle(mandate.resign());
  await world.settle(lifted.close());
  expect((await b.election("jobs").history()).at(-1)?.term).toBeGreaterThan(2n ** 62n);
});

test("S3, pitfall 5: a hint makes no leader while the confirming read fails", async () => {
  const { mandate, next } = await leaderAndFollower();
  world.fate = fateOf("lose-answer", { kinds: ["read"], of: "b" });
  await world.settle(mandate.resign());
  await world.clock.advance(1_000);
  expect(world.of("elected")).toHaveLength(1);
  world.fate = () => "pass";
  await finish(next);
});

test("S3: one claim gives at most one mandate: after a loss a new claim is made", async () => {
  const mandates: Mandate[] = [];
  const stop = new AbortController();
  const leading = a.election("jobs").lead((mandate) => {
    mandates.push(mandate);
    return untilAborted(mandate.signal);
  }, stop);
  await world.clock.advance(100);
  // The session lives on at the store, but its renewals are not confirmed in time.
  world.fate = fateOf("lose-answer", { kinds: ["renew"], of: "a" });
  await world.clock.advance(1_700);
  world.fate = () => "pass";
  await world.clock.advance(2_000);
  expect(mandates).toHaveLength(2);
  expect(mandates[1]?.toJSON().term).not.toBe(mandates[0]?.toJSON().term);
  expect(world.of("session-lost")).toHaveLength(0);
  stop.abort("end");
  await expect(world.settle(leading)).rejects.toBe("end");
});

test("S4, pitfall 1: validity counts from before the send, not from the answer", async () => {
  const mandate = await world.settle(a.election("jobs").campaign());
  const answerAfterMs = 300;
  world.fate = fateOf(
    () => new Promise((resolve) => world.clock.setTimer(answerAfterMs, resolve)),
    {
      kinds: ["renew"],
      of: "a",
    },
  );
  const renewals = (): number =>
    world.of("session-renewed").filter(({ candidateId }) => candidateId === "a").length;
  const seen = renewals();
  await world.clock.runUntil(() => renewals() > seen, { limitMs: 5_000 });
  expect(mandate.remainingMs).toBeCloseTo(VALID_MS - answerAfterMs);
  world.fate = () => "pass";
  await world.settle(mandate.resign());
});

test("S4, pitfall 2: what wakes from a pause finds its mandate gone", async () => {
  const { mandate, next } = await leaderAndFollower();
  const { clock } = world;
  // The process stands still: its timers do not run, and nothing of it is answered.
  const frozen = { ...clock.now() };
  world.fate = fateOf("lose-request", { of: "a" });
  await clock.advance(VALID_MS - 10 - frozen.monotonicMs);
  expect(mandate.active).toBe(true);
  await clock.advance(700);
  expect(mandate.active).toBe(false);
  expect(() => mandate.check()).toThrow(expect.objectContaining({ code: "MANDATE_LOST" }));
  world.fate = () => "pass";
  await world.settle(mandate.resign());
  await finish(next);
});

test("S4, pitfall 3: a suspended machine's wall clock ends the mandate", async () => {
  const mandate = await world.settle(a.election("jobs").campaign());
  world.clock.jumpWall(VALID_MS + 1);
  expect(mandate.active).toBe(false);
  await world.settle(mandate.resign());
});

test("S4, pitfall 3: a wall clock set back extends nothing", async () => {
  const mandate = await world.settle(a.election("jobs").campaign());
  const before = mandate.remainingMs;
  world.clock.jumpWall(-3_600_000);
  expect(mandate.remainingMs).toBe(before);
  await world.settle(mandate.resign());
});

test("S4, pitfall 3: a wall clock that was set back hides no suspension that comes after", async () => {
  const mandate = await world.settle(a.election("jobs").campaign());
  world.clock.jumpWall(-10_000);
  expect(mandate.active).toBe(true);
  world.clock.jumpWall(VALID_MS + 1);
  expect(mandate.active).toBe(false);
  await world.settle(mandate.resign());
});

test("S4: a renewal confirmed after the end revives no mandate", async () => {
  const mandate = await world.settle(a.election("jobs").campaign());
  world.fate = fateOf("lose-answer", { kinds: ["renew"], of: "a" });
  await world.clock.advance(VALID_MS + 50);
  expect(mandate.active).toBe(false);
  world.fate = () => "pass";
  await world.clock.advance(700);
  expect(a.valid).toBe(true);
  expect(mandate.active).toBe(false);
  await world.settle(mandate.resign());
});

test("S5, pitfall 4: the signal comes in time, the claim stays until work settles", async () => {
  const { mandate, next } = await leaderAndFollower();
  world.fate = fateOf("lose-answer", { kinds: ["renew"], of: "a" });
  await world.clock.runUntil(() => mandate.signal.aborted, { limitMs: 5_000 });
  expect(mandate.active).toBe(true);
  expect(mandate.remainingMs).toBeCloseTo(TTL_MS / 10, 0);
  world.fate = () => "pass";
  await world.clock.advance(TTL_MS * 3);
  // The session lives on, so the work that does not end keeps everyone else out: "hold".
  expect(world.of("overrun")).toMatchObject([{ candidateId: "a", term: 1n }]);
  expect(mandate.active).toBe(false);
  expect(world.of("elected")).toHaveLength(1);
  await world.settle(mandate.resign());
  await finish(next);
});

test("S5: draining freezes the mandate's own end, although the session lives on", async () => {
  const { mandate, next } = await leaderAndFollower();
  const asked = b.election("jobs").resign();
  await world.clock.runUntil(() => mandate.signal.aborted, { limitMs: 5_000 });
  await world.clock.advance(VALID_MS);
  expect(a.valid).toBe(true);
  expect(mandate.active).toBe(false);
  await world.settle(mandate.resign());
  await world.settle(asked);
  await finish(next);
});

test.for(["release", "exit"] as const)(
  "S5: work that outlives its mandate: %s",
  async (onOverrun) => {
    let exits = 0;
    const c = await world.open("c", { onOverrun }, { exitProcess: () => void (exits += 1) });
    const mandate = await world.settle(c.election("jobs").campaign());
    const next = b.election("jobs").campaign();
    world.fate = fateOf("lose-answer", { kinds: ["renew"], of: "c" });
    await world.clock.advance(VALID_MS - 100);
    world.fate = () => "pass";
    await world.clock.advance(500);
    expect(world.of("overrun")).toHaveLength(1);
    expect(exits).toBe(onOverrun === "exit" ? 1 : 0);
    expect((await b.election("jobs").status()).leader?.candidate.id).toBe(
      onOverrun === "release" ? "b" : "c",
    );
    await world.settle(mandate.resign());
    await finish(next);
    await world.settle(c.close());
  },
);

test("S6, pitfall 6: a stand without an answer makes no leader and leaves no claim", async () => {
  world.fate = fateOf("lose-answer", { kinds: ["stand"], of: "a" });
  const leading = a.election("jobs").campaign();
  await world.clock.advance(500);
  world.fate = () => "pass";
  const mandate = await world.settle(leading);
  expect(mandate.term).toBeGreaterThan(1n);
  expect((await a.election("jobs").status()).contenders).toHaveLength(1);
  await world.settle(mandate.resign());
});

test("S6: a claim of this session that nobody here made is removed within TTL/3", async () => {
  const store = world.store("a");
  const [opened] = world.of("session-opened");
  const signal = new AbortController().signal;
  // What a create leaves that landed long after its caller gave up.
  const late = { sessionId: opened?.sessionId ?? "", election: "jobs", registration: "late" };
  world.server.handle({ kind: "stand", body: late });
  expect((await store.read("jobs", { signal })).claims).toHaveLength(1);
  await world.clock.advance(TTL_MS / 3 + 1);
  expect((await store.read("jobs", { signal })).claims).toEqual([]);
  expect(world.of("stray-removed")).toMatchObject([{ election: "jobs", candidateId: "a" }]);
});

test("S5, S6: a session that cannot be audited for a TTL ends, after its mandates have", async () => {
  const mandate = await world.settle(a.election("jobs").campaign());
  world.fate = fateOf(() => Promise.reject(refusal()), { kinds: ["claims"], of: "a" });
  await world.clock.runUntil(() => mandate.signal.aborted, { limitMs: 5 * TTL_MS });
  expect(world.of("session-lost")).toHaveLength(0);
  expect(mandate.active).toBe(true);
  await world.clock.advance(TTL_MS);
  expect(world.of("session-lost")).toMatchObject([{ candidateId: "a", reason: "unaudited" }]);
  world.fate = () => "pass";
  await world.settle(mandate.resign());
  await world.clock.advance(TTL_MS);
  expect(a.valid).toBe(true);
});

test("S7, pitfall 12: giving a mandate back that is long gone removes no successor", async () => {
  const { mandate, next } = await leaderAndFollower();
  const [opened] = world.of("session-opened");
  world.server.expireSession(opened?.sessionId ?? "");
  const follower = await world.settle(next);
  await world.settle(mandate.resign());
  await world.clock.advance(TTL_MS);
  expect(follower.active).toBe(true);
  expect((await b.election("jobs").status()).leader?.candidate.id).toBe("b");
  await world.settle(follower.resign());
});

test("pitfall 11: a claim removed by hand ends the mandate at once", async () => {
  const mandate = await world.settle(a.election("jobs").campaign());
  // A leader that did not have to wait watches its claim a little later.
  await world.clock.advance(200);
  const { claims } = await world.store("x").read("jobs", { signal: new AbortController().signal });
  const [claim] = claims;
  expect(claim).toBeDefined();
  if (claim !== undefined) world.server.deleteClaim(claim);
  await world.clock.advance(1);
  expect(mandate.active).toBe(false);
  expect(world.of("draining")).toMatchObject([{ reason: "claim-gone" }]);
  await world.settle(mandate.resign());
});

test("pitfall 18: each mandate ends exactly once, whatever listeners do", async () => {
  const { mandate, next } = await leaderAndFollower();
  mandate.signal.addEventListener("abort", () => {
    void mandate.resign();
    void mandate.resign();
  });
  const [opened] = world.of("session-opened");
  world.server.expireSession(opened?.sessionId ?? "");
  await finish(next);
  await world.settle(mandate.resign());
  expect(world.of("elected")).toHaveLength(2);
  expect(world.of("ended").map(({ term }) => term)).toEqual(
    expect.arrayContaining(world.of("elected").map(({ term }) => term)),
  );
  expect(world.of("ended")).toHaveLength(2);
});
