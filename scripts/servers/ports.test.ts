import { createServer } from "node:net";
import { once } from "node:events";

import { expect, test } from "vitest";

import { reservePort } from "./ports.ts";

test("a reserved port can be listened on by a server", async () => {
  const reserved = await reservePort();
  const server = createServer().listen(reserved.port, "127.0.0.1");
  await once(server, "listening");
  expect(server.address()).toMatchObject({ address: "127.0.0.1", port: reserved.port });
  server.close();
  reserved.release();
});

test("no port is given out twice, however many ask at once", async () => {
  const reserved = await Promise.all(Array.from({ length: 2_000 }, () => reservePort()));
  expect(new Set(reserved.map(({ port }) => port)).size).toBe(reserved.length);
  for (const port of reserved) port.release();
});
