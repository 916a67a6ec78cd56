import { afterAll, test } from "vitest";
import { conformance } from "./conformance.ts";
import { serveMemory } from "./fixtures/memory-over-socket.test-support.ts";
import { MemoryServer } from "./memory-server.ts";
import { memoryStore } from "./memory-store.ts";

const server = new MemoryServer();
const served = await serveMemory(server);
afterAll(async () => await served.close());

conformance({
  test,
  open: async () => memoryStore({ server }),
  capabilities: server.capabilities,
  description: served.description,
  expiryLagMs: 500,
});
