import type pg from "pg";
import { beforeAll, beforeEach, expect, test as anyTest } from "vitest";

import { startPostgres, type PostgresServer } from "../../../../scripts/servers/postgres.ts";
import { haveServer } from "../../../../scripts/servers/programs.ts";
import { losableMandate, mandate } from "./fence.test-support.ts";
import { postgresFence } from "./postgres-fence.ts";
import {
  connectClient,
  connectPool,
  createOrders,
  insert,
  orders,
  pidOf,
  untilBlocked,
} from "./postgres.test-support.ts";

const hasPostgres = await haveServer("postgres");
const test = anyTest.skipIf(!hasPostgres);
const fence = postgresFence();
let server: PostgresServer;
let pool: pg.Pool;

beforeAll(async () => {
  if (!hasPostgres) return undefined;
  server = await startPostgres();
  return () => server.stop();
});

beforeEach(async () => {
  pool = connectPool(server);
  await createOrders(pool);
  await fence.createTable(pool);
  return () => pool.end();
});

test("commits the work and returns its result", async () => {
  const result = await fence.transaction(pool, mandate(5n), async (tx) => {
    await insert(tx, "a");
    return 42;
  });
  expect(result).toBe(42);
  expect(await orders(pool)).toEqual(["a"]);
  expect(pool).toMatchObject({ totalCount: 1, idleCount: 1 });
});

test("refuses a lower term before its work begins, and admits equal and greater ones", async () => {
  await fence.transaction(pool, mandate(5n), (tx) => insert(tx, "a"));
  await fence.transaction(pool, mandate(5n), (tx) => insert(tx, "b"));
  await fence.transaction(pool, mandate(6n), (tx) => insert(tx, "c"));
  const refused = fence.transaction(pool, mandate(5n), (tx) => insert(tx, "d"));
  await expect(refused).rejects.toMatchObject({
    code: "STALE_TERM",
    applied: "no",
    message: expect.stringMatching(/term 5 of election "billing".*term 6\./),
  });
  expect(await orders(pool)).toEqual(["a", "b", "c"]);
  expect(pool).toMatchObject({ totalCount: 1, idleCount: 1 });
});

test("an old leader's write lands behind the new one's read, unless that raised the fence (S8)", async () => {
  const old = mandate(1n);
  await fence.raise(pool, old);
  // Without: the new leader has read, and does not know of what comes after.
  expect(await orders(pool)).toEqual([]);
  await fence.transaction(pool, old, (tx) => insert(tx, "behind"));
  expect(await orders(pool)).toEqual(["behind"]);
  // With:
  await fence.raise(pool, mandate(2n));
  expect(await orders(pool)).toEqual(["behind"]);
  const refused = fence.transaction(pool, old, (tx) => insert(tx, "refused"));
  await expect(refused).rejects.toMatchObject({ code: "STALE_TERM" });
  expect(await orders(pool)).toEqual(["behind"]);
});

test("a condition inside the write passes on a snapshot from before the newer term", async () => {
  await fence.raise(pool, mandate(1n));
  await insert(pool, "a");
  const [old, newer] = [await pool.connect(), await pool.connect()];
  try {
    const pid = await pidOf(old);
    await newer.query("BEGIN");
    await fence.raise(newer, mandate(2n));
    await newer.query("UPDATE orders SET id = 'by term 2'");
    const late = old.query(
      "UPDATE orders SET id = 'by term 1' " +
        "WHERE 1 >= (SELECT term FROM mandate_fence WHERE election = 'billing')",
    );
    await untilBlocked(pool, pid);
    await newer.query("COMMIT");
    expect(await late).toMatchObject({ rowCount: 1 });
    expect(await orders(pool)).toEqual(["by term 1"]);
  } finally {
    old.release();
    newer.release();
  }
});

test("tells terms apart where numbers of JavaScript cannot, and names them exactly", async () => {
  const [least, last] = [2n ** 53n, 2n ** 63n - 1n];
  for (const term of [least, least + 1n]) await fence.raise(pool, mandate(term));
  await expect(fence.raise(pool, mandate(least))).rejects.toThrow(/term 9007199254740993\./);
  for (const term of [last - 1n, last]) await fence.raise(pool, mandate(term));
  await expect(fence.raise(pool, mandate(last - 1n))).rejects.toThrow(/9223372036854775807\./);
});

test("does not commit when the mandate was lost during the work", async () => {
  const { losable, lose } = losableMandate(5n);
  const work = async (tx: pg.PoolClient): Promise<void> => {
    await insert(tx, "a");
    lose();
  };
  const refused = fence.transaction(pool, losable, work);
  await expect(refused).rejects.toMatchObject({ code: "MANDATE_LOST" });
  expect(await orders(pool)).toEqual([]);
  await fence.transaction(pool, mandate(5n), work); // a mandate that never says so
  expect(await orders(pool)).toEqual(["a"]);
});

test("a mandate that was lost while it waited for the fence does not begin its work", async () => {
  const { losable, lose } = losableMandate(5n);
  const late = await connectClient(server);
  try {
    const pid = await pidOf(late);
    let began = false;
    let refused: Promise<unknown> = Promise.resolve();
    await fence.transaction(pool, mandate(5n), async () => {
      const waiting = fence.transaction(late, losable, async () => {
        began = true;
      });
      refused = expect(waiting).rejects.toMatchObject({ code: "MANDATE_LOST" });
      await untilBlocked(pool, pid);
      lose();
    });
    await refused;
    expect(began).toBe(false);
  } finally {
    await late.end();
  }
});

test("keeps its terms in the table that it is given", async () => {
  await pool.query('DROP SCHEMA IF EXISTS "order" CASCADE; CREATE SCHEMA "order"');
  const own = postgresFence({ table: "order.user" }); // keywords, so they have to be quoted
  await own.createTable(pool);
  await own.raise(pool, mandate(5n));
  await fence.raise(pool, mandate(4n));
  await expect(own.raise(pool, mandate(4n))).rejects.toMatchObject({ code: "STALE_TERM" });
});

test("raises within a transaction of the caller's own", async () => {
  const tx = await pool.connect();
  await tx.query("BEGIN");
  await fence.raise(tx, mandate(5n));
  await tx.query("ROLLBACK");
  tx.release();
  await fence.raise(pool, mandate(4n));
  await expect(fence.raise(pool, mandate(3n))).rejects.toMatchObject({ code: "STALE_TERM" });
});

test("a client runs one fenced transaction at a time", async () => {
  const client = await connectClient(server);
  try {
    const first = fence.transaction(client, mandate(5n), (tx) => insert(tx, "a"));
    const second = fence.transaction(client, mandate(5n), (tx) => insert(tx, "b"));
    await expect(second).rejects.toMatchObject({ code: "INVALID_OPTIONS", applied: "no" });
    await first;
    await fence.transaction(client, mandate(5n), (tx) => insert(tx, "c"));
    expect(await orders(pool)).toEqual(["a", "c"]);
  } finally {
    await client.end();
  }
});
