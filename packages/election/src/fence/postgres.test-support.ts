import pg from "pg";

import type { PostgresServer } from "../../../../scripts/servers/postgres.ts";

/** Statements end by themselves after a while, so that a failing test cannot block the next one. */
const statement_timeout = 15_000;

export function connectPool(server: PostgresServer, options: pg.PoolConfig = {}): pg.Pool {
  const { connectionString } = server;
  const pool = new pg.Pool({ connectionString, max: 4, statement_timeout, ...options });
  return pool.on("error", () => undefined); // connections that are ended on purpose
}

export async function connectClient(server: PostgresServer): Promise<pg.Client> {
  const { connectionString } = server;
  const client = new pg.Client({ connectionString, statement_timeout });
  await client.connect();
  return client;
}

export async function createOrders(db: pg.Pool): Promise<void> {
  await db.query("DROP TABLE IF EXISTS orders, mandate_fence");
  await db.query("CREATE TABLE orders (id text PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)");
}

export async function insert(db: pg.Pool | pg.ClientBase, id: string): Promise<void> {
  await db.query("INSERT INTO orders VALUES ($1)", [id]);
}

export async function orders(db: pg.Pool): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>("SELECT id FROM orders ORDER BY id");
  return rows.map(({ id }) => id);
}

export async function pidOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid ?? 0;
}

/** Resolves when the connection with that process id waits for a lock. */
export async function untilBlocked(db: pg.Pool, pid: number): Promise<void> {
  const endAtMs = performance.now() + 10_000;
  for (;;) {
    const { rowCount } = await db.query(
      "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'",
      [pid],
    );
    if (rowCount === 1) return;
    if (performance.now() > endAtMs) throw new Error(`connection ${pid} waits for no lock`);
  }
}
