import { afterAll, describe, expect, test } from "vitest";

import { startEtcd } from "../../../scripts/servers/etcd.ts";
import { runEtcdctl } from "../../../scripts/servers/etcdctl.ts";
import { haveServer } from "../../../scripts/servers/programs.ts";
import { aStore, anElection, within } from "./store.test-support.ts";

describe.skipIf(!(await haveServer("etcd")))("a store", async () => {
  const cluster = await startEtcd({ members: 1 });
  afterAll(() => cluster.stop());
  const { endpoints } = cluster;

  test("adds nothing to etcd's log by reading", async () => {
    const store = await aStore({ endpoints });
    const election = anElection();
    await store.writeControl({ election, text: "x", expectedVersion: undefined }, within());
    await store.read(election, within());
    const before = await logIndex();
    await store.read(election, within());
    await store.read(election, within());
    expect(await logIndex()).toBe(before);
  });

  test("shows one who stands the control record as it is then, known before or not", async () => {
    const store = await aStore({ endpoints });
    const other = await aStore({ endpoints });
    const election = anElection();
    const session = await store.openSession({ ttlMs: 20_000 }, within());
    const textSeen = async (): Promise<string | undefined> => {
      const { claim, snapshot } = await session.stand({ election, registration: "" }, within());
      await session.withdraw(claim, within());
      return snapshot.control?.text;
    };
    expect(await textSeen()).toBe(undefined);
    let expectedVersion: string | undefined;
    for (const text of ["one", "two"]) {
      await other.writeControl({ election, text, expectedVersion }, within());
      expect(await textSeen()).toBe(text);
      expect(await textSeen()).toBe(text);
      expectedVersion = (await other.read(election, within())).control?.version;
    }
    await runEtcdctl(cluster, ["del", `mandate.control:${election}`]);
    expect(await textSeen()).toBe(undefined);
    await session.close(within());
  });

  async function logIndex(): Promise<string | undefined> {
    const status = await runEtcdctl(cluster, ["endpoint", "status", "--write-out=simple"]);
    return status.split(", ").at(7);
  }
});
