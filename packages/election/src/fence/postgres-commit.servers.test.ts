import pg from "pg";
import { beforeAll, beforeEach, expect, test as anyTest } from "vitest";

import { startPostgres, type PostgresServer } from "../../../../scripts/servers/postgres.ts";
import { haveServer } from "../../../../scripts/servers/programs.ts";
import { startTcpProxy, type TcpProxy } from "../../../../scripts/servers/tcp-proxy.ts";
import { mandate } from "./fence.test-support.ts";
import type { PostgresClient } from "./postgres-client.ts";
import { postgresFence } from "./postgres-fence.ts";
import { connectClient } from "./postgres.test-support.ts";

const hasPostgres = await haveServer("postgres");
const test = anyTest.skipIf(!hasPostgres);
const fence = postgresFence();
const ours = mandate(5n);

let server: PostgresServer;
let direct: pg.Client;
let proxy: TcpProxy;
let leader: pg.Client;

beforeAll(async () => {
  if (!hasPostgres) return undefined;
  server = await startPostgres();
  direct = await connectClient(server);
  await direct.query("CREATE TABLE orders (id text)");
  await fence.createTable(direct);
  return async () => {
    await direct.end();
    await server.stop();
  };
});

beforeEach(async () => {
  await direct.query("DELETE FROM orders");
  proxy = await startTcpProxy({ target: `${server.host}:${server.port}` });
  leader = new pg.Client(throughProxy());
  leader.on("error", () => undefined);
  await leader.connect();
  return () => proxy.close();
});

function throughProxy(): pg.ClientConfig {
  const { user, password, database } = server;
  return { host: "127.0.0.1", port: proxy.port, user, password, database };
}

async function count(): Promise<unknown> {
  return (await direct.query("SELECT FROM orders")).rowCount;
}

/** The leader's client; at COMMIT the network does what it is told. */
function unluckyClient(atCommit: () => void, afterwards: () => Promise<void>): PostgresClient {
  return {
    on: leader.on.bind(leader),
    off: leader.off.bind(leader),
    async query(text, parameters) {
      if (text !== "COMMIT") return await leader.query(text, parameters);
      atCommit();
      const committed = leader.query(text);
      await afterwards();
      proxy.reset();
      return await committed;
    },
  };
}

const unknown = {
  code: "STORE_UNAVAILABLE",
  applied: "unknown",
  message: expect.stringContaining("may or may not have taken effect"),
  cause: expect.objectContaining({ message: expect.any(String) }),
};

test("leaves it open whether it was applied, and here it was", async () => {
  const untilCommitted = async (): Promise<void> => {
    const endAtMs = performance.now() + 10_000;
    while ((await count()) === 0 && performance.now() < endAtMs);
  };
  const client = unluckyClient(() => proxy.cut({ direction: "toClient" }), untilCommitted);
  const ended = fence.transaction(client, ours, (tx) =>
    tx.query("INSERT INTO orders VALUES ('a')"),
  );
  await expect(ended).rejects.toMatchObject(unknown);
  expect(await count()).toBe(1);
});

test("leaves it open whether it was applied, and here it was not", async () => {
  const client = unluckyClient(
    () => proxy.cut({ direction: "toServer" }),
    () => Promise.resolve(),
  );
  const ended = fence.transaction(client, ours, (tx) =>
    tx.query("INSERT INTO orders VALUES ('a')"),
  );
  await expect(ended).rejects.toMatchObject(unknown);
  await fence.raise(direct, ours); // waits for the end of that transaction
  expect(await count()).toBe(0);
});

test("a connection on which a COMMIT is still under way is not used again", async () => {
  const { user, password, database } = server;
  const pool = new pg.Pool({
    host: "127.0.0.1",
    port: proxy.port,
    user,
    password,
    database,
    query_timeout: 1_000,
  });
  const ended = fence.transaction(pool, ours, async (tx) => {
    await tx.query("INSERT INTO orders VALUES ('a')");
    proxy.cut({ direction: "toServer" });
  });
  await expect(ended).rejects.toMatchObject(unknown);
  expect(pool.totalCount).toBe(0);
  proxy.reset();
  await pool.end();
});

test("before COMMIT it is the connection's own error, since then nothing was applied", async () => {
  const ended = fence.transaction(leader, ours, async (tx) => {
    await tx.query("INSERT INTO orders VALUES ('a')");
    proxy.reset();
    await tx.query("INSERT INTO orders VALUES ('b')");
  });
  await expect(ended).rejects.toThrow(/ECONNRESET|terminated|connection error/);
  await fence.raise(direct, ours);
  expect(await count()).toBe(0);
});

test("a connection that breaks while the work does something else does not end the process", async () => {
  const quiet = new pg.Client(throughProxy());
  await quiet.connect();
  expect(quiet.listenerCount("error")).toBe(0);
  const broke = new Promise((resolve) => quiet.once("end", resolve));
  const ended = fence.transaction(quiet, ours, async (tx) => {
    proxy.reset();
    await broke;
    await tx.query("INSERT INTO orders VALUES ('a')");
  });
  await expect(ended).rejects.toThrow(/not queryable|terminated|closed/);
  expect(quiet.listenerCount("error")).toBe(0);
});
