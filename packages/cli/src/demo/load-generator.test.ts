import { afterEach, expect, test } from "vitest";
import type { AcceptedOrder } from "./audit/ledger-audit.ts";
import { type HttpService, type ServiceAnswer, startHttpService } from "./http-service.ts";
import { LoadGenerator } from "./load-generator.ts";

const services: HttpService[] = [];

afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close()));
});

interface Seen {
  readonly key: string;
  readonly orderId: string;
  readonly atMs: number;
}

/** A service that gives these answers, one after the other, then accepts. */
async function startService(
  answers: readonly ServiceAnswer[],
): Promise<HttpService & { seen: Seen[] }> {
  const seen: Seen[] = [];
  const service = await startHttpService(
    ({ headers, body }) => {
      const { orderId } = JSON.parse(body) as { readonly orderId: string };
      seen.push({ key: String(headers["idempotency-key"]), orderId, atMs: performance.now() });
      const receipt = { orderId, sequence: seen.length, term: "3" };
      return answers[seen.length - 1] ?? { status: 201, json: receipt };
    },
    () => undefined,
  );
  services.push(service);
  return { ...service, seen };
}

/** Delivers one order to the first of some urls. */
async function deliver(
  urls: readonly string[],
): Promise<LoadGenerator & { told: AcceptedOrder[] }> {
  const told: AcceptedOrder[] = [];
  const onAccepted = (order: AcceptedOrder): void => void told.push(order);
  const load = new LoadGenerator({ rps: 1, targets: () => urls.slice(-1), onAccepted });
  await Promise.all([load.burst(1, urls[0] ?? ""), load.stop(10_000)]);
  return Object.assign(load, { told });
}

test("an order that is accepted is noted with what the client was told", async () => {
  const service = await startService([]);
  const { accepted, told } = await deliver([service.url]);
  expect(accepted).toMatchObject([{ orderId: "order-1", sequence: 1, term: 3n }]);
  expect(told).toEqual(accepted);
});

test("a redirect is followed, with the same key", async () => {
  const leader = await startService([]);
  const location = `${leader.url}/orders`;
  const follower = await startService([{ status: 307, headers: { location } }]);
  const { accepted } = await deliver([follower.url]);
  expect(accepted).toHaveLength(1);
  expect(leader.seen[0]?.key).toBe(follower.seen[0]?.key);
});

test("503 is tried again after Retry-After, with the same key", async () => {
  const service = await startService([{ status: 503, headers: { "retry-after": "1" } }]);
  const { accepted } = await deliver([service.url]);
  const [first, second] = service.seen;
  expect(accepted).toHaveLength(1);
  expect(second?.key).toBe(first?.key);
  // Timers may fire a little early on another clock.
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(980);
});

test("a service that is not there is left for another one", async () => {
  const service = await startService([]);
  const { accepted } = await deliver(["http://127.0.0.1:9", service.url]);
  expect(accepted).toHaveLength(1);
});

test("redirects in a circle end", async () => {
  let url = "";
  const circle = await startHttpService(
    () => ({ status: 307, headers: { location: `${url}/orders` } }),
    () => undefined,
  );
  services.push(circle);
  ({ url } = circle);
  const load = new LoadGenerator({ rps: 1, targets: () => [url], onAccepted: () => undefined });
  await Promise.all([load.burst(1, url), load.stop(500)]);
  expect([...load.refused]).toEqual([["sent round in circles", 1]]);
});

test("what no retry mends is refused, with the reason", async () => {
  const service = await startService([{ status: 400, json: { error: "no order" } }]);
  const { accepted, refused } = await deliver([service.url]);
  expect(accepted).toEqual([]);
  expect([...refused]).toEqual([["400 no order", 1]]);
});

test("an answer without a receipt does not count as accepted", async () => {
  const service = await startService([{ status: 201, json: {} }]);
  const { accepted, refused } = await deliver([service.url]);
  expect(accepted).toEqual([]);
  expect([...refused.keys()]).toEqual(["an answer without a receipt"]);
});
