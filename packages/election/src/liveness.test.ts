import { afterEach, beforeEach, expect, test } from "vitest";
import {
  openOperator,
  type ElectionOptions,
  type HeldMandate,
  type Operator,
  type Session,
  type SessionOptions,
} from "@mandate/election";
import { fateOf, untilAborted, World } from "./world.test-support.ts";

const TTL_MS = 2_000;

let world: World;
let sessions: Session[];
let observer: Operator;
beforeEach(async () => {
  world = new World();
  sessions = [];
  observer = await openOperator(world.store("observer"), {}, { clock: world.clock });
});
afterEach(async () => {
  world.fate = () => "pass";
  await world.settle(Promise.all(sessions.map((session) => session.close())));
  world.stop();
});

async function open(id: string, options: SessionOptions = {}): Promise<Session> {
  const session = await world.open(id, options);
  sessions.push(session);
  return session;
}

/** Leads for as long as it may; ends when its session closes. */
async function stand(id: string, options: ElectionOptions & SessionOptions = {}): Promise<void> {
  const session = await open(id, options);
  void session
    .election("jobs", options)
    .lead(({ signal }) => untilAborted(signal))
    .catch(() => {
      // It ends with the test, by the closing of its session.
    });
  await world.clock.advance(10);
}

async function leader(): Promise<string | undefined> {
  const status = await world.settle(observer.election("jobs").status());
  return status.leader?.candidate.id;
}

test("L1: when a leader vanishes, the next one leads within the TTL and a call", async () => {
  await stand("a");
  await stand("b");
  world.fate = fateOf("lose-request", { of: "a" });
  const fromMs = world.clock.now().monotonicMs;
  await world.clock.runUntil(() => world.of("elected").length === 2, { limitMs: 60_000 });
  expect(world.clock.now().monotonicMs - fromMs).toBeLessThan(TTL_MS + TTL_MS / 5);
});

test("L1, pitfall 10: a silent watch delays a candidate by one TTL at most", async () => {
  await stand("a");
  await stand("b");
  const [first] = sessions;
  world.fate = fateOf("lose-request", { of: "b", kinds: [] });
  world.server.breakWatches();
  const fromMs = world.clock.now().monotonicMs;
  await world.settle(first?.close() ?? Promise.resolve());
  await world.clock.runUntil(() => world.of("elected").length === 2, { limitMs: 60_000 });
  expect(world.clock.now().monotonicMs - fromMs).toBeLessThan(TTL_MS + TTL_MS / 5);
  sessions.shift();
});

test("L2: a candidate outlasts any outage of the store, and stands again by itself", async () => {
  await stand("a");
  world.server.cut();
  await world.clock.advance(600_000);
  expect(world.of("session-lost")).not.toHaveLength(0);
  world.server.heal();
  const before = world.of("elected").length;
  await world.clock.runUntil(() => world.of("elected").length > before, { limitMs: 2 * TTL_MS });
});

test("L2, pitfall 8: a restarted process waits for its own old claim, too", async () => {
  await stand("a");
  // The first incarnation is silent from here on.
  world.fate = (request) =>
    "sessionId" in request.body &&
    request.body.sessionId === world.of("session-opened")[0]?.sessionId
      ? "lose-request"
      : "pass";
  const again = await open("a");
  const waiting = again.election("jobs").campaign();
  await world.clock.advance(500);
  expect(world.of("elected")).toHaveLength(1);
  const mandate = await world.settle(waiting);
  expect(mandate.active).toBe(true);
  await world.settle(mandate.resign());
});

test("L4: a candidate that is not healthy lets a healthy one lead", async () => {
  let healthy = true;
  await stand("a", { health: () => (healthy ? undefined : Promise.reject(new Error("no db"))) });
  await stand("b", { health: () => undefined });
  expect(await leader()).toBe("a");
  healthy = false;
  // Two failures in a row, asked every TTL/3, and a hand-over.
  await world.clock.advance((2 * TTL_MS) / 3 + 100);
  expect(await leader()).toBe("b");
  expect(world.of("draining")).toMatchObject([{ reason: "unhealthy" }]);
  expect(world.of("health-changed").at(-1)).toMatchObject({ candidateId: "a", healthy: false });
});

test("L4: one failure of a health check changes nothing", async () => {
  let answers = [true, true, false, true, true];
  const health = (): void => {
    const [answer = true, ...rest] = answers;
    answers = rest;
    if (!answer) throw new Error("once");
  };
  await stand("a", { health });
  await stand("b");
  await world.clock.advance(3 * TTL_MS);
  expect(await leader()).toBe("a");
  expect(world.of("elected")).toHaveLength(1);
});

test("L4: an unhealthy one leads only after a TTL without any healthy one", async () => {
  const health = (): Promise<never> => Promise.reject(new Error("no db"));
  const session = await open("a");
  const waiting = session.election("jobs", { health }).campaign();
  await world.clock.advance(TTL_MS - 50);
  expect(world.of("elected")).toHaveLength(0);
  await world.clock.advance(200);
  expect(world.of("elected")).toHaveLength(1);
  await world.settle((await waiting).resign());
});

test("L4: an unhealthy leader stays until a healthy candidate comes", async () => {
  const sick = (): Promise<never> => Promise.reject(new Error("no db"));
  await stand("a", { health: sick });
  await world.clock.advance(2 * TTL_MS);
  expect(await leader()).toBe("a");
  await stand("b", { health: sick });
  await world.clock.advance(2 * TTL_MS);
  expect(await leader()).toBe("a");
  await stand("c");
  await world.clock.advance(TTL_MS);
  expect(await leader()).toBe("c");
});

test("L4: a health check that never settles counts as a failure, at its deadline", async () => {
  const session = await open("a");
  const hangs = (): Promise<never> => new Promise(() => {});
  const waiting = session.election("jobs", { health: hangs }).campaign();
  await world.clock.advance(TTL_MS);
  expect(world.of("elected")).toHaveLength(0);
  await world.settle((await world.settle(waiting)).resign());
});

test("a preferred region leads, whoever came first", async () => {
  const options = { preferredRegions: ["north"] };
  await stand("holder");
  await stand("south", { ...options, candidate: { region: "south" } });
  await stand("east", { ...options, candidate: { region: "east" } });
  await stand("north", { ...options, candidate: { region: "north" } });
  await world.settle(sessions.shift()?.close() ?? Promise.resolve());
  await world.clock.advance(100);
  expect(await leader()).toBe("north");
  expect(world.of("yielded").map(({ candidateId }) => candidateId)).toEqual(["south", "east"]);
});

test("a larger priority takes over only after the leader's minimum tenure", async () => {
  await stand("a", { minimumTenureMs: 30_000, candidate: { priority: 1 } });
  await stand("b", { minimumTenureMs: 30_000, candidate: { priority: 2 } });
  await world.clock.advance(29_000);
  expect(await leader()).toBe("a");
  await world.clock.advance(2_000);
  expect(await leader()).toBe("b");
  expect(world.of("draining")).toMatchObject([{ candidateId: "a", reason: "preempted" }]);
  await world.clock.advance(120_000);
  expect(world.of("elected")).toHaveLength(2);
});

test("candidates that disagree on who is preferred still elect one", async () => {
  await stand("holder");
  await stand("south", { preferredRegions: ["north"], candidate: { region: "south" } });
  await stand("north", { preferredRegions: ["south"], candidate: { region: "north" } });
  await world.settle(sessions.shift()?.close() ?? Promise.resolve());
  await world.clock.advance(TTL_MS);
  expect(world.of("yielded").length).toBeLessThanOrEqual(6);
  expect(["north", "south"]).toContain(await leader());
});

test("nobody yields while the store refuses writes, or nobody could stand anew", async () => {
  const options = { preferredRegions: ["north"] };
  await stand("holder");
  await stand("south", { ...options, candidate: { region: "south" } });
  await stand("north", { ...options, candidate: { region: "north" } });
  world.fate = fateOf("lose-request", { kinds: ["update", "stand"] });
  await world.settle(sessions.shift()?.close() ?? Promise.resolve());
  await world.clock.advance(5 * TTL_MS);
  expect((await world.settle(observer.election("jobs").status())).contenders).toHaveLength(2);
});

test("pitfall 15: a crowd that lost its store comes back spread over time", async () => {
  for (const id of ["a", "b", "c", "d", "e", "f"]) await open(id);
  world.server.cut();
  await world.clock.advance(30_000);
  world.calls.length = 0;
  await world.clock.advance(10_000);
  // Full jitter under a bound of one TTL, each attempt at most one TTL long.
  const attempts = world.calls.filter((call) => call.startsWith("openSession"));
  expect(attempts.length).toBeLessThan(6 * 60);
  world.server.heal();
  await world.clock.advance(3 * TTL_MS);
  expect(sessions.every(({ valid }) => valid)).toBe(true);
});

test("one session renews once in TTL/3 at most, whatever the number of elections", async () => {
  const a = await open("a");
  const mandates: Promise<HeldMandate>[] = [];
  for (let i = 0; i < 50; i++) mandates.push(a.election(`job ${i}`).campaign());
  await world.clock.advance(10);
  world.calls.length = 0;
  await world.clock.advance(10 * TTL_MS);
  expect(world.calls.filter((call) => call.startsWith("renew")).length).toBeLessThanOrEqual(30);
  for (const each of mandates) await world.settle((await world.settle(each)).resign());
});
