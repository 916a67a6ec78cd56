import { afterEach, beforeEach, expect, test } from "vitest";
import { openOperator, type Operator, type Session } from "@mandate/election";
import { untilAborted, World } from "../world.test-support.ts";

let world: World;
let operator: Operator;
const sessions: Session[] = [];
beforeEach(async () => {
  world = new World();
  operator = await openOperator(world.store("operator"), {}, { clock: world.clock });
});
afterEach(async () => {
  await world.settle(Promise.all(sessions.splice(0).map((session) => session.close())));
  await operator.close();
  world.stop();
});

async function stand(id: string): Promise<void> {
  const session = await world.open(id);
  sessions.push(session);
  void session
    .election("jobs")
    .lead(({ signal }) => untilAborted(signal))
    .catch(() => {
      // It ends with the test, by the closing of its session.
    });
  await world.clock.advance(10);
}

test("resign makes the leader stop its work and the next one lead", async () => {
  await stand("a");
  await stand("b");
  const status = await world.settle(operator.election("jobs").resign());
  expect(status.leader?.candidate.id).toBe("b");
  await world.clock.advance(10);
  expect(world.of("draining")).toMatchObject([{ candidateId: "a", reason: "resigned" }]);
  expect(world.of("elected").at(-1)).toMatchObject({ candidateId: "b" });
  expect(status.contenders.map(({ candidate }) => candidate.id)).toEqual(["b"]);
});

test("transfer makes the named candidate lead, past those before it in the queue", async () => {
  for (const id of ["a", "b", "c", "d"]) await stand(id);
  const status = await world.settle(operator.election("jobs").transfer({ to: "d" }));
  expect(status.leader?.candidate.id).toBe("d");
  await world.clock.advance(5_000);
  expect(world.of("elected").map(({ candidateId }) => candidateId)).toEqual(["a", "d"]);
  expect((await operator.election("jobs").status()).contenders).toHaveLength(4);
});

test("transfer to the leader itself changes nothing", async () => {
  await stand("a");
  const status = await world.settle(operator.election("jobs").transfer({ to: "a" }));
  expect(status.leader?.candidate.id).toBe("a");
  await world.clock.advance(5_000);
  expect(world.of("elected")).toHaveLength(1);
});

test("refuses a wish without a leader, for an unknown candidate, or to a foreign one", async () => {
  const jobs = operator.election("jobs");
  await expect(world.settle(jobs.resign())).rejects.toMatchObject({ code: "NO_LEADER" });
  await stand("a");
  await expect(world.settle(jobs.transfer({ to: "z" }))).rejects.toMatchObject({
    code: "UNKNOWN_CANDIDATE",
    message: expect.stringMatching(/there are: a$/),
  });
  const other = { kind: "openSession", body: { ttlMs: 60_000 } } as const;
  const opened = world.server.handle(other);
  const sessionId = opened.ok ? opened.reply.sessionId : "";
  const body = { sessionId, election: "go", registration: "go" };
  world.server.handle({ kind: "stand", body });
  const foreign = operator.election("go");
  await expect(world.settle(foreign.resign())).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
  expect((await foreign.status()).leader).toMatchObject({ foreign: true, candidate: { id: "go" } });
});

test("takes a wish back that the leader does not follow in time", async () => {
  const opened = world.server.handle({ kind: "openSession", body: { ttlMs: 600_000 } });
  const sessionId = opened.ok ? opened.reply.sessionId : "";
  // One of ours that hangs: its claim is there, and nothing follows.
  const registration = '{"mandate":1,"id":"hung","healthy":true}';
  world.server.handle({ kind: "stand", body: { sessionId, election: "jobs", registration } });
  const fromMs = world.clock.now().monotonicMs;
  const asked = operator.election("jobs").resign({ timeoutMs: 3_000 });
  await expect(world.settle(asked)).rejects.toMatchObject({
    code: "TIMEOUT",
    message: expect.stringMatching(/did not act within 3000 ms/),
  });
  expect(world.clock.now().monotonicMs - fromMs).toBe(3_000);
  const store = world.store("x");
  const { control } = await store.read("jobs", { signal: new AbortController().signal });
  expect(control?.text).not.toMatch(/request/);
});

test("pause keeps the leader and lets nobody new lead, resume ends it", async () => {
  await stand("a");
  await stand("b");
  await world.settle(operator.election("jobs").pause());
  await world.settle(operator.election("jobs").pause());
  await world.clock.advance(10_000);
  expect(world.of("elected")).toHaveLength(1);
  expect(await operator.election("jobs").status()).toMatchObject({
    paused: true,
    leader: { candidate: { id: "a" } },
  });
  await world.settle(sessions.shift()?.close() ?? Promise.resolve());
  await world.clock.advance(30_000);
  expect(world.of("elected")).toHaveLength(1);
  await world.settle(operator.election("jobs").resume());
  await world.clock.advance(10);
  expect(world.of("elected").at(-1)).toMatchObject({ candidateId: "b" });
});

test("history names the terms, who led, from when to when, and why each ended", async () => {
  await stand("a");
  await stand("b");
  await world.clock.advance(1_000);
  await world.settle(operator.election("jobs").resign());
  await world.clock.advance(2_000);
  expect(await operator.election("jobs").history()).toMatchObject([
    { term: 1n, candidateId: "a", endReason: "resigned", startedAtMs: expect.any(Number) },
    { term: expect.any(BigInt), candidateId: "b", endedAtMs: undefined },
  ]);
});

test("writers of the control record that collide both have their way", async () => {
  await stand("a");
  const jobs = operator.election("jobs");
  const other = await openOperator(world.store("x"), {}, { clock: world.clock });
  await world.settle(Promise.all([jobs.pause(), other.election("jobs").resign()]));
  await world.clock.advance(3_000);
  const status = await jobs.status();
  expect(status.paused).toBe(true);
  expect(world.of("draining")).toMatchObject([{ reason: "resigned" }]);
});

test("a control record of a newer version is refused, by candidates and leaders alike", async () => {
  const session = await world.open("a");
  sessions.push(session);
  const leading = session.election("jobs").lead(({ signal }) => untilAborted(signal));
  const failed = expect(leading).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED" });
  await world.clock.advance(10);
  const text = '{"format":2}';
  const body = { election: "jobs", text, expectedVersion: undefined };
  expect(world.server.handle({ kind: "writeControl", body })).toEqual({ ok: true, reply: true });
  await world.clock.advance(5_000);
  await failed;
  expect(world.of("elected")).toHaveLength(1);
  const store = world.store("x");
  const { claims } = await store.read("jobs", { signal: new AbortController().signal });
  expect(claims).toEqual([]);
  await expect(operator.election("jobs").pause()).rejects.toMatchObject({
    code: "FORMAT_UNSUPPORTED",
    message: expect.stringMatching(/format 2.*upgrade/),
  });
});
