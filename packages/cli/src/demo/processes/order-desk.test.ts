import { expect, test } from "vitest";
import { LedgerClient } from "./ledger-client.ts";
import { OrderDesk } from "./order-desk.ts";

const order = { orderId: "order-1", item: "apples", quantity: 1 };
const request = {
  method: "POST",
  path: "/orders",
  headers: { "idempotency-key": "k" },
  body: JSON.stringify(order),
};

function deskThatKnows(leaderUrl: string | undefined): OrderDesk {
  const ledger = new LedgerClient("http://127.0.0.1:9");
  return new OrderDesk({ ledger, leaderUrl: () => leaderUrl });
}

test("a data centre that does not lead sends clients to the leader", async () => {
  const answer = await deskThatKnows("http://dublin.test").answer(request);
  expect(answer).toMatchObject({
    status: 307,
    headers: { location: "http://dublin.test/orders" },
  });
});

test("while there is no leader clients are told when to come again", async () => {
  const answer = await deskThatKnows(undefined).answer(request);
  expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
});

test("there is nothing but orders", async () => {
  expect(await deskThatKnows(undefined).answer({ ...request, method: "GET" })).toMatchObject({
    status: 404,
  });
});
