import pg from "pg";
import { beforeAll, beforeEach, expect, test as anyTest } from "vitest";

import { startPostgres, type PostgresServer } from "../../../../scripts/servers/postgres.ts";
import { haveServer } from "../../../../scripts/servers/programs.ts";
import { mandate } from "./fence.test-support.ts";
import { postgresFence } from "./postgres-fence.ts";
import {
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

test("rolls back and throws on what the work throws, and keeps the connection", async () => {
  const broken = new Error("no such customer");
  const failed = fence.transaction(pool, mandate(5n), async (tx) => {
    await insert(tx, "a");
    throw broken;
  });
  await expect(failed).rejects.toBe(broken);
  expect(await orders(pool)).toEqual([]);
  expect(pool).toMatchObject({ totalCount: 1, idleCount: 1 });
});

test("a failing rollback does not hide what the work threw, nor is its connection used again", async () => {
  const broken = new Error("no such customer");
  let pid = 0;
  const failed = fence.transaction(pool, mandate(5n), async (tx) => {
    pid = await pidOf(tx);
    await pool.query("SELECT pg_terminate_backend($1, 10000)", [pid]);
    throw broken;
  });
  await expect(failed).rejects.toBe(broken);
  expect(await fence.transaction(pool, mandate(5n), pidOf)).not.toBe(pid);
});

test("says so when the work hid the error of a statement, since Postgres commits nothing then", async () => {
  const hide = async (tx: pg.PoolClient): Promise<void> => {
    await insert(tx, "a");
    await tx.query("SELECT 1 / 0").catch(() => undefined);
  };
  // Without the fence: COMMIT succeeds, and does not commit.
  const alone = await pool.connect();
  await alone.query("BEGIN");
  await hide(alone);
  expect(await alone.query("COMMIT")).toMatchObject({ command: "ROLLBACK" });
  alone.release();
  const failed = fence.transaction(pool, mandate(5n), hide);
  await expect(failed).rejects.toMatchObject({ code: "INVALID_OPTIONS", applied: "no" });
  expect(await orders(pool)).toEqual([]);
});

test("throws on what the server refuses at COMMIT, and keeps the connection", async () => {
  await insert(pool, "a");
  const failed = fence.transaction(pool, mandate(5n), (tx) => insert(tx, "a"));
  await expect(failed).rejects.toBeInstanceOf(pg.DatabaseError);
  await expect(failed).rejects.toMatchObject({ code: "23505" });
  expect(await orders(pool)).toEqual(["a"]);
  expect(pool).toMatchObject({ totalCount: 1, idleCount: 1 });
});

test("a successor waits no longer for a leader that was stopped in a transaction than the timeout", async () => {
  const stopped = connectPool(server, { idle_in_transaction_session_timeout: 300 });
  try {
    const failed = fence.transaction(stopped, mandate(1n), async (tx) => {
      await insert(tx, "a");
      await fence.raise(pool, mandate(2n)); // and while it waits for that, its transaction is idle
      await insert(tx, "b");
    });
    await expect(failed).rejects.toThrow();
    expect(await orders(pool)).toEqual([]);
    expect(stopped.totalCount).toBe(0);
  } finally {
    await stopped.end();
  }
});

test("without such a timeout the successor waits for as long as the leader is stopped", async () => {
  const [stopped, newer] = [await pool.connect(), await pool.connect()];
  try {
    await stopped.query("BEGIN");
    await fence.raise(stopped, mandate(1n));
    await newer.query("SET lock_timeout = 1000");
    await expect(fence.raise(newer, mandate(2n))).rejects.toThrow(/lock timeout/);
  } finally {
    stopped.release(true);
    newer.release(true);
  }
});

test("the timeout is 5 s, within the transaction only, unless the connection has its own", async () => {
  const shown = async (tx: Pick<pg.ClientBase, "query">): Promise<unknown> => {
    const { rows } = await tx.query("SHOW idle_in_transaction_session_timeout");
    return rows;
  };
  const timeout = (text: string): unknown => [{ idle_in_transaction_session_timeout: text }];
  expect(await fence.transaction(pool, mandate(5n), (tx) => shown(tx))).toEqual(timeout("5s"));
  expect(pool.totalCount).toBe(1);
  expect(await shown(pool)).toEqual(timeout("0"));
  const own = connectPool(server, { idle_in_transaction_session_timeout: 60_000 });
  expect(await fence.transaction(own, mandate(5n), (tx) => shown(tx))).toEqual(timeout("1min"));
  await own.end();
});

test("processes that create the table at once do not fail each other", async () => {
  await pool.query("DROP TABLE mandate_fence");
  const [first, second, plain] = [await pool.connect(), await pool.connect(), await pool.connect()];
  try {
    const pids = [await pidOf(second), await pidOf(plain)];
    await first.query("BEGIN");
    await fence.createTable(first);
    const created = fence.createTable(second);
    const statement = plain.query("CREATE TABLE IF NOT EXISTS mandate_fence (election text)");
    const failed = expect(statement).rejects.toThrow(/duplicate key|already exists/);
    for (const pid of pids) await untilBlocked(pool, pid);
    await first.query("COMMIT");
    await created;
    await failed; // the statement by itself does not do
  } finally {
    for (const client of [first, second, plain]) client.release();
  }
});

test("throws on other failures to create the table", async () => {
  const elsewhere = postgresFence({ table: "no_such_schema.mandate_fence" });
  await expect(elsewhere.createTable(pool)).rejects.toMatchObject({ code: "3F000" });
});
