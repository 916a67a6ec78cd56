import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { conformance } from "@mandate/testing";
import { afterAll, test } from "vitest";

import { local, openStore } from "./local.ts";

const directory = await mkdtemp(join(tmpdir(), "mandate-local-"));
const description = local({ directory });
afterAll(() => rm(directory, { recursive: true }));

conformance({
  test,
  open: () => openStore(description.options),
  capabilities: {
    contention: "queue",
    ttlFloorMs: 1_500,
    sharedSession: true,
    expiry: "observers",
    noticesDeath: true,
  },
  description,
  expiryLagMs: 500,
});
