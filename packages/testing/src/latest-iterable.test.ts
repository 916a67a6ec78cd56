import { getEventListeners } from "node:events";
import { beforeEach, expect, test } from "vitest";
import type { LatestSink } from "./latest-iterable.ts";
import { latestIterable } from "./latest-iterable.ts";

let sink: LatestSink<number> | undefined;
let unsubscribed: number;
let controller: AbortController;
let iterator: AsyncIterator<number>;

beforeEach(() => {
  sink = undefined;
  unsubscribed = 0;
  controller = new AbortController();
  const subscribe = (newSink: LatestSink<number>): (() => void) => {
    sink = newSink;
    return () => {
      unsubscribed += 1;
    };
  };
  iterator = latestIterable(subscribe, controller.signal)[Symbol.asyncIterator]();
});

test("it subscribes when the first value is asked for", async () => {
  expect(sink).toBe(undefined);
  const first = iterator.next();
  sink?.next(1);
  expect(await first).toEqual({ done: false, value: 1 });
});

test("a slow consumer gets the latest value alone", async () => {
  const first = iterator.next();
  for (const value of [1, 2, 3, 4]) sink?.next(value);
  expect((await first).value).toBe(1);
  expect((await iterator.next()).value).toBe(4);
});

test("stopping ends a next that waits, and unsubscribes once", async () => {
  const waiting = iterator.next();
  expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
  expect(await waiting).toEqual({ done: true, value: undefined });
  await iterator.return?.();
  sink?.next(1);
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
  expect(unsubscribed).toBe(1);
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
});

test("an abort rejects with the reason, once, although a value waits", async () => {
  const first = iterator.next();
  sink?.next(1);
  await first;
  sink?.next(2);
  const reason = new Error("enough");
  controller.abort(reason);
  await expect(iterator.next()).rejects.toBe(reason);
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
  expect(unsubscribed).toBe(1);
});

test("a source that fails rejects the consumer that waits and ends the others", async () => {
  const [first, second] = [iterator.next(), iterator.next()];
  const error = new Error("the source broke");
  sink?.fail(error);
  sink?.fail(new Error("again"));
  await expect(first).rejects.toBe(error);
  expect(await second).toEqual({ done: true, value: undefined });
  expect(unsubscribed).toBe(1);
});

test("a source that fails while it subscribes is unsubscribed as well", async () => {
  let stopped = false;
  const failing = latestIterable<number>((newSink) => {
    newSink.fail(new Error("not today"));
    return () => {
      stopped = true;
    };
  }, controller.signal);
  await expect(failing[Symbol.asyncIterator]().next()).rejects.toThrow("not today");
  expect(stopped).toBe(true);
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
});

test("each iteration subscribes anew", async () => {
  let subscriptions = 0;
  const iterable = latestIterable<number>((newSink) => {
    subscriptions += 1;
    newSink.next(subscriptions);
    return () => {};
  }, controller.signal);
  for (const expected of [1, 2]) {
    for await (const value of iterable) {
      expect(value).toBe(expected);
      break;
    }
  }
});
