import { existsSync } from "node:fs";

import { Client } from "pg";
import { describe, expect, test } from "vitest";

import { startPostgres } from "./postgres.ts";
import { haveServer } from "./programs.ts";

describe.skipIf(!(await haveServer("postgres")))("Postgres", () => {
  test("answers with its default settings, to whoever knows the password", async () => {
    const server = await startPostgres();
    const client = new Client({ connectionString: server.connectionString });
    await client.connect();
    const { rows } = await client.query("SELECT current_setting('fsync') AS fsync");
    expect(rows).toEqual([{ fsync: "on" }]);
    await client.end();
    const stranger = new Client({ ...clientOptions(server), password: "guess" });
    await expect(stranger.connect()).rejects.toThrow(/password authentication failed/);
    await server.stop();
  });

  test("leaves neither process nor file behind when it is stopped, also twice", async () => {
    const server = await startPostgres();
    expect(existsSync(server.logFile)).toBe(true);
    await server.stop();
    await server.stop();
    expect(existsSync(server.logFile)).toBe(false);
    await expect(new Client(clientOptions(server)).connect()).rejects.toThrow(/ECONNREFUSED/);
  });
});

function clientOptions(server: {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}): { host: string; port: number; user: string; database: string } {
  const { host, port, user, database } = server;
  return { host, port, user, database };
}
