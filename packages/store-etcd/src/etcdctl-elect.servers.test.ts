import { spawn } from "node:child_process";

import { afterAll, describe, expect, onTestFinished, test } from "vitest";

import { startEtcd } from "../../../scripts/servers/etcd.ts";
import { etcdVersions, haveServer } from "../../../scripts/servers/programs.ts";
import { aStore, anElection, watched, within } from "./store.test-support.ts";

for (const name of ["etcd", "etcd-current"] as const) {
  describe.skipIf(!(await haveServer(name)))(`etcdctl elect, of ${name}`, async () => {
    const cluster = await startEtcd({ members: 1, version: etcdVersions[name] });
    afterAll(() => cluster.stop());
    const { endpoints } = cluster;

    test("observes who leads among ours, and the next one after a resignation", async () => {
      const store = await aStore({ endpoints });
      const election = anElection();
      const [first, second] = await Promise.all([
        store.openSession({ ttlMs: 10_000 }, within()),
        store.openSession({ ttlMs: 10_000 }, within()),
      ]);
      const { claim } = await first.stand({ election, registration: "ours 1" }, within());
      await second.stand({ election, registration: "ours 2" }, within());
      const observer = etcdctl("elect", "--listen", election);
      await observer.says(`${election}/${first.id}\nours 1\n`);
      await first.withdraw(claim, within());
      await observer.says(`${election}/${second.id}\nours 2\n`);
      await Promise.all([first.close(within()), second.close(within())]);
    });

    test("waits behind ours, leads after it, and is seen and waited for by ours", async () => {
      const store = await aStore({ endpoints });
      const election = `${anElection()}/with a slash`;
      const watch = watched(store, election);
      const session = await store.openSession({ ttlMs: 10_000 }, within());
      const { claim } = await session.stand({ election, registration: "ours" }, within());
      const foreign = etcdctl("elect", election, "theirs");
      await watch.until("both", ({ claims }) => claims.length === 2);
      expect(watch.snapshots.at(-1)?.claims).toMatchObject([
        { sessionId: session.id, registration: "ours" },
        { registration: "theirs" },
      ]);
      expect(foreign.output).not.toContain("theirs");
      await session.withdraw(claim, within());
      await foreign.says("theirs\n");
      const again = await session.stand({ election, registration: "ours again" }, within());
      expect(again.snapshot.claims.map(({ registration }) => registration)).toEqual([
        "theirs",
        "ours again",
      ]);
      foreign.interrupt();
      await watch.until("ours", ({ claims }) => claims[0]?.term === again.claim.term);
      await session.close(within());
    });

    test("does not see sessions and control records as candidates", async () => {
      const store = await aStore({ endpoints });
      const election = anElection();
      const session = await store.openSession({ ttlMs: 10_000 }, within());
      await store.writeControl({ election, text: "x", expectedVersion: undefined }, within());
      const foreign = etcdctl("elect", election, "theirs");
      await foreign.says("theirs\n");
      await session.close(within());
    });

    /** The real program, until the test ends. */
    function etcdctl(...args: readonly string[]) {
      const env = { ...process.env, ...cluster.etcdctlEnv };
      const child = spawn(cluster.programs.etcdctl, args, { env });
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
      onTestFinished(() => {
        child.kill("SIGKILL");
      });
      return {
        get output() {
          return output;
        },
        says: async (text: string): Promise<void> => {
          await expect.poll(() => output, { timeout: 10_000 }).toContain(text);
        },
        interrupt: () => child.kill("SIGINT"),
      };
    }
  });
}
