import { etcd } from "@mandate/store-etcd";
import { afterAll, describe } from "vitest";

import { startEtcd } from "../../../scripts/servers/etcd.ts";
import { haveServer } from "../../../scripts/servers/programs.ts";
import { testCommands } from "./commands.test-suite.ts";

describe.skipIf(!(await haveServer("etcd")))("the program", async () => {
  const cluster = await startEtcd();
  afterAll(() => cluster.stop());
  testCommands({
    name: "on etcd",
    url: () => `etcd://${cluster.endpoints.map((url) => new URL(url).host).join(",")}`,
    description: () => etcd({ endpoints: cluster.endpoints }),
  });
});
