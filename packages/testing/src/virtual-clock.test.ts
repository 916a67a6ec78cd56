import { expect, test } from "vitest";
import { VirtualClock } from "./virtual-clock.ts";

test("both clocks stand still until they are moved", async () => {
  const clock = new VirtualClock({ monotonicMs: 5, wallMs: 1_000 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(clock.now()).toEqual({ monotonicMs: 5, wallMs: 1_000 });
  await clock.advance(20);
  expect(clock.now()).toEqual({ monotonicMs: 25, wallMs: 1_020 });
});

test("timers run in the order of their time, each at its own time", async () => {
  const clock = new VirtualClock();
  const ran: unknown[] = [];
  for (const delayMs of [30, 10, 20, 40, 5]) {
    clock.setTimer(delayMs, () => ran.push([delayMs, clock.now().monotonicMs]));
  }
  await clock.advance(30);
  expect(ran).toEqual([
    [5, 5],
    [10, 10],
    [20, 20],
    [30, 30],
  ]);
  expect(clock.pendingTimers).toBe(1);
});

test("timers of one time run in the order in which they were set", async () => {
  const clock = new VirtualClock();
  const ran: number[] = [];
  for (let index = 0; index < 100; index++) clock.setTimer(7, () => ran.push(index));
  await clock.advance(7);
  expect(ran).toEqual([...Array(100).keys()]);
});

test("a heap of many timers, set and cancelled at random, runs in order", async () => {
  const clock = new VirtualClock();
  const ran: number[] = [];
  const expected: number[] = [];
  for (let index = 0; index < 2_000; index++) {
    const delayMs = (index * 7_919) % 1_009;
    const cancel = clock.setTimer(delayMs, () => ran.push(delayMs));
    if (index % 3 === 0) expected.push(delayMs);
    else cancel();
  }
  await clock.advance(2_000);
  expect(ran).toEqual(expected.toSorted((a, b) => a - b));
  expect(clock.pendingTimers).toBe(0);
});

test("a cancelled timer does not run, and cancelling it again changes nothing", async () => {
  const clock = new VirtualClock();
  const ran: string[] = [];
  const cancel = clock.setTimer(1, () => ran.push("cancelled"));
  clock.setTimer(1, () => ran.push("kept"));
  cancel();
  cancel();
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(1);
  cancel();
  expect(ran).toEqual(["kept"]);
  expect(clock.pendingTimers).toBe(0);
});

test("a timer that a timer sets runs in the same move when it falls due", async () => {
  const clock = new VirtualClock();
  const ranAt: number[] = [];
  const again = (): void => {
    ranAt.push(clock.now().monotonicMs);
    clock.setTimer(10, again);
  };
  again();
  await clock.advance(35);
  expect(ranAt).toEqual([0, 10, 20, 30]);
});

test("all promise reactions settle before the next timer runs", async () => {
  const clock = new VirtualClock();
  const steps: string[] = [];
  clock.setTimer(1, () => {
    void (async () => {
      for (let depth = 0; depth < 500; depth++) await Promise.resolve();
      queueMicrotask(() => steps.push("reactions of the first"));
    })();
  });
  clock.setTimer(2, () => steps.push("the second"));
  await clock.advance(2);
  expect(steps).toEqual(["reactions of the first", "the second"]);
});

test("what was started before the move settles before the first timer runs", async () => {
  const clock = new VirtualClock();
  const steps: string[] = [];
  clock.setTimer(0, () => steps.push("timer"));
  void (async () => {
    for (let depth = 0; depth < 500; depth++) await Promise.resolve();
    steps.push("started before");
  })();
  await clock.advance(0);
  expect(steps).toEqual(["started before", "timer"]);
});

test("a wall clock that jumps leaves the monotonic one and the timers alone", async () => {
  const clock = new VirtualClock({ wallMs: 500 });
  let ran = false;
  clock.setTimer(100, () => {
    ran = true;
  });
  clock.jumpWall(1_000_000);
  clock.jumpWall(-2_000_000);
  await clock.advance(99);
  expect(ran).toBe(false);
  expect(clock.now()).toEqual({ monotonicMs: 99, wallMs: -999_401 });
});

test("runUntil stops at the timer after which its condition holds", async () => {
  const clock = new VirtualClock();
  let count = 0;
  const again = (): void => {
    count += 1;
    clock.setTimer(10, again);
  };
  clock.setTimer(10, again);
  await clock.runUntil(() => count === 3, { limitMs: 1_000 });
  expect(clock.now().monotonicMs).toBe(30);
});

test("runUntil rejects at its limit and says what it waited", async () => {
  const clock = new VirtualClock();
  const waiting = clock.runUntil(() => false, { limitMs: 250 });
  await expect(waiting).rejects.toThrow("the condition did not hold within 250 ms");
  expect(clock.now().monotonicMs).toBe(250);
});

test("what a timer throws rejects the move, and the clock can be moved on", async () => {
  const clock = new VirtualClock();
  clock.setTimer(5, () => {
    throw new Error("a bug");
  });
  await expect(clock.advance(10)).rejects.toThrow("a bug");
  expect(clock.now().monotonicMs).toBe(5);
  await clock.advance(1);
  expect(clock.now().monotonicMs).toBe(6);
});

test("two moves at once are refused", async () => {
  const clock = new VirtualClock();
  const first = clock.advance(1);
  await expect(clock.advance(1)).rejects.toThrow("await that call first");
  await first;
});

test("time does not run backwards", async () => {
  await expect(new VirtualClock().advance(-1)).rejects.toThrow("does not run backwards");
  await expect(new VirtualClock().advance(Number.NaN)).rejects.toThrow("does not run backwards");
});

test("a timer of 0 ms that sets itself again and again is found out", async () => {
  const clock = new VirtualClock();
  const again = (): void => void clock.setTimer(0, again);
  again();
  await expect(clock.advance(1)).rejects.toThrow("timers ran at one instant");
});
