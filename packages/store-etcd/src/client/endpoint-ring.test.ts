import { expect, test } from "vitest";

import { EndpointRing } from "./endpoint-ring.ts";

test("endpoints are tried as listed until one fails, which is then tried last", () => {
  const ring = new EndpointRing(["a", "b", "c"]);
  expect(ring.order).toEqual(["a", "b", "c"]);
  ring.failed("a");
  expect(ring.order).toEqual(["b", "c", "a"]);
  ring.failed("c");
  expect(ring.order).toEqual(["b", "a", "c"]);
});

test("a round that has begun keeps its order when an endpoint fails", () => {
  const ring = new EndpointRing(["a", "b", "c"]);
  const { order } = ring;
  ring.failed("a");
  expect(order).toEqual(["a", "b", "c"]);
});

test("the last endpoint stays last when it fails again", () => {
  const ring = new EndpointRing(["a", "b"]);
  ring.failed("b");
  expect(ring.order).toEqual(["a", "b"]);
});
