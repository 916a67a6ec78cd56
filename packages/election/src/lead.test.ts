import { afterEach, beforeEach, expect, test } from "vitest";
import type { Mandate } from "@mandate/election";
import { fateOf, untilAborted, World } from "./world.test-support.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.stop());

test("runs the work with a mandate, gives it back, and resolves with the value", async () => {
  const a = await world.open("a");
  const value = await world.settle(
    a.election("jobs").lead((mandate) => {
      expect(mandate).toMatchObject({ election: "jobs", candidateId: "a", active: true, term: 1n });
      return "done";
    }),
  );
  expect(value).toBe("done");
  expect(await a.election("jobs").status()).toMatchObject({ leader: undefined });
  await world.settle(a.close());
});

test("gives the mandate back and rejects when the work throws", async () => {
  const a = await world.open("a");
  const failure = new Error("no disk");
  const leading = a.election("jobs").lead(() => {
    throw failure;
  });
  await expect(world.settle(leading)).rejects.toBe(failure);
  expect(await a.election("jobs").status()).toMatchObject({ contenders: [] });
  await world.settle(a.close());
});

test("lets one lead at a time, in the order of standing, under growing terms", async () => {
  const terms: bigint[] = [];
  let leaders = 0;
  const sessions = await Promise.all(["a", "b", "c"].map((id) => world.open(id)));
  const all = sessions.map((session) =>
    session.election("jobs").lead(async ({ term }) => {
      leaders += 1;
      expect(leaders).toBe(1);
      terms.push(term);
      await new Promise<void>((resolve) => world.clock.setTimer(1_000, resolve));
      leaders -= 1;
    }),
  );
  await world.settle(Promise.all(all));
  expect(terms).toEqual(terms.toSorted((x, y) => (x < y ? -1 : 1)));
  expect(new Set(terms).size).toBe(3);
  await world.settle(Promise.all(sessions.map((session) => session.close())));
});

test("rejects with the signal's reason once the work has settled", async () => {
  const a = await world.open("a");
  const stop = new AbortController();
  const order: string[] = [];
  const leading = a.election("jobs").lead(
    async (mandate) => {
      await untilAborted(mandate.signal);
      expect(mandate.signal.reason).toBe("enough");
      order.push("aborted");
      await new Promise<void>((resolve) => world.clock.setTimer(300, resolve));
      order.push((await a.election("jobs").status()).leader?.candidate.id ?? "nobody");
    },
    { signal: stop.signal },
  );
  await world.clock.advance(100);
  stop.abort("enough");
  await expect(world.settle(leading)).rejects.toBe("enough");
  expect(order).toEqual(["aborted", "a"]);
  expect((await a.election("jobs").status()).contenders).toEqual([]);
  await world.settle(a.close());
});

test("tells work of a lost mandate, awaits it, and runs it again under a new term", async () => {
  const a = await world.open("a");
  const mandates: Mandate[] = [];
  const stop = new AbortController();
  const leading = a.election("jobs").lead(
    async (mandate) => {
      mandates.push(mandate);
      await untilAborted(mandate.signal);
      // What lost work returns or throws is nobody's answer.
      throw mandate.signal.reason;
    },
    { signal: stop.signal },
  );
  await world.clock.advance(100);
  world.fate = fateOf("lose-request", {});
  await world.clock.advance(4_000);
  world.fate = () => "pass";
  await world.clock.advance(4_000);
  expect(mandates).toHaveLength(2);
  const [first, second] = mandates;
  expect(first?.active).toBe(false);
  expect(() => first?.term).toThrow(expect.objectContaining({ code: "MANDATE_LOST" }));
  expect(() => first?.check()).toThrow(/no renewal was confirmed/);
  expect(second?.active).toBe(true);
  expect(BigInt(second?.toJSON().term ?? 0)).toBeGreaterThan(BigInt(first?.toJSON().term ?? 0));
  stop.abort();
  await expect(world.settle(leading)).rejects.toThrow(/aborted/);
  await world.settle(a.close());
});

test("publishes the failure of work whose mandate was lost", async () => {
  const a = await world.open("a");
  const failure = new Error("half done");
  let rounds = 0;
  const leading = a.election("jobs").lead(async (mandate) => {
    rounds += 1;
    if (rounds > 1) return "recovered";
    await untilAborted(mandate.signal);
    throw failure;
  });
  await world.clock.advance(100);
  const [session] = world.of("session-opened");
  world.server.expireSession(session?.sessionId ?? "");
  expect(await world.settle(leading)).toBe("recovered");
  expect(world.of("work-failed")).toMatchObject([{ candidateId: "a", term: 1n, error: failure }]);
  await world.settle(a.close());
});

test("refuses a second stand in the same election of one session", async () => {
  const a = await world.open("a");
  const stop = new AbortController();
  const first = a.election("jobs").lead(({ signal }) => untilAborted(signal), stop);
  await world.clock.advance(10);
  const again = a.election("jobs");
  await expect(again.lead(() => {})).rejects.toMatchObject({ code: "ALREADY_STANDING" });
  await expect(again.campaign()).rejects.toMatchObject({ code: "ALREADY_STANDING" });
  await expect(world.settle(a.election("other").lead(() => 1))).resolves.toBe(1);
  stop.abort("x");
  await expect(world.settle(first)).rejects.toBe("x");
  await expect(world.settle(again.lead(() => 2))).resolves.toBe(2);
  await world.settle(a.close());
});

test("hands the mandate to whoever campaigns, until it resigns", async () => {
  const a = await world.open("a");
  const b = await world.open("b");
  const mandate = await world.settle(a.election("jobs").campaign());
  const waiting = b.election("jobs").campaign();
  await world.clock.advance(3_000);
  expect(mandate.active).toBe(true);
  await world.settle(mandate.resign());
  await mandate.resign();
  expect(mandate.active).toBe(false);
  expect(mandate.signal.aborted).toBe(true);
  const next = await world.settle(waiting);
  expect(next.term).toBeGreaterThan(BigInt(mandate.toJSON().term));
  await world.settle(Promise.resolve(next[Symbol.asyncDispose]()));
  await world.settle(Promise.all([a.close(), b.close()]));
});

test("stops waiting when the campaign's signal aborts, and leaves nothing behind", async () => {
  const a = await world.open("a");
  const b = await world.open("b");
  const mandate = await world.settle(a.election("jobs").campaign());
  const stop = new AbortController();
  const waiting = b.election("jobs").campaign({ signal: stop.signal });
  await world.clock.advance(100);
  expect((await a.election("jobs").status()).contenders).toHaveLength(2);
  stop.abort("tired");
  await expect(world.settle(waiting)).rejects.toBe("tired");
  expect((await a.election("jobs").status()).contenders).toHaveLength(1);
  await world.settle(mandate.resign());
  await world.settle(Promise.all([a.close(), b.close()]));
});

test("close aborts the work, awaits it, gives the mandate back, and leaves no timer", async () => {
  const a = await world.open("a");
  let settled = false;
  const leading = a.election("jobs").lead(async (mandate) => {
    await untilAborted(mandate.signal);
    await new Promise<void>((resolve) => world.clock.setTimer(200, resolve));
    settled = true;
  });
  const rejected = expect(leading).rejects.toMatchObject({ code: "CLOSED" });
  await world.clock.advance(100);
  const closing = a.close();
  await world.settle(closing);
  await rejected;
  expect(settled).toBe(true);
  expect(a.close()).toBe(closing);
  expect(() => a.election("jobs")).toThrow(expect.objectContaining({ code: "CLOSED" }));
  // The server's own timer for the session that is gone.
  await world.clock.advance(2_000);
  expect(world.clock.pendingTimers).toBe(0);
});

test("a bystander's session observes who leads, without standing", async () => {
  const a = await world.open("a", { candidate: { url: "http://127.0.0.1:1/", region: "north" } });
  const b = await world.open("b");
  const seen: (string | undefined)[] = [];
  const watching = (async () => {
    for await (const { leader, term } of b.election("jobs").observe()) {
      seen.push(leader === undefined ? undefined : `${leader.candidate.url} ${term}`);
      if (seen.length === 3) break;
    }
  })();
  await world.clock.advance(10);
  await world.settle(a.election("jobs").lead(() => world.clock.setTimer(1, () => {})));
  await world.settle(watching);
  expect(seen).toEqual([undefined, "http://127.0.0.1:1/ 1", undefined]);
  await world.settle(Promise.all([a.close(), b.close()]));
});
