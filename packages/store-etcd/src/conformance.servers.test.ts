import { conformance } from "@mandate/testing";
import { afterAll, describe, test } from "vitest";

import { startEtcd } from "../../../scripts/servers/etcd.ts";
import { etcdVersions, haveServer } from "../../../scripts/servers/programs.ts";
import { etcd, openStore } from "./etcd.ts";

for (const name of ["etcd", "etcd-newer", "etcd-current"] as const) {
  describe.skipIf(!(await haveServer(name)))(name, async () => {
    const cluster = await startEtcd({ version: etcdVersions[name] });
    afterAll(() => cluster.stop());
    const description = etcd({ endpoints: cluster.endpoints, prefix: "mandate/ü" });
    conformance({
      test: test.concurrent,
      open: () => openStore(description.options),
      capabilities: {
        contention: "queue",
        ttlFloorMs: 2_000,
        sharedSession: true,
        expiry: "servers",
        noticesDeath: false,
      },
      description,
      // etcd looks for leases that ran out each 500 ms.
      expiryLagMs: 3_000,
    });
  });
}
