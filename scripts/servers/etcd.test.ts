import { existsSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type EtcdCluster, startEtcd } from "./etcd.ts";
import { enableAuth, type EtcdctlOptions, runEtcdctl } from "./etcdctl.ts";
import { haveServer } from "./programs.ts";
import { createTlsFiles } from "./tls.ts";
import { waitUntil } from "./wait-until.ts";

describe.skipIf(!(await haveServer("etcd")))("a three-node etcd", () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await startEtcd({ peerProxy: true });
  });
  afterAll(() => cluster.stop());

  test("stores what any of its members is given", async () => {
    expect(cluster.endpoints).toHaveLength(3);
    await runEtcdctl(cluster, ["put", "stored", "by all"], at(cluster, 0));
    for (const index of [0, 1, 2]) {
      const read = ["get", "stored", "--print-value-only"];
      expect(await runEtcdctl(cluster, read, at(cluster, index))).toBe("by all\n");
    }
  });

  test("goes on without a killed member, which catches up when it is restarted", async () => {
    const [, member = neverMissing()] = cluster.members;
    const { pid } = member;
    await member.kill();
    expect(member.running).toBe(false);
    await waitUntil(() => serves(cluster, 0), { what: "the others to go on" });
    await runEtcdctl(cluster, ["put", "killed", "meanwhile"], at(cluster, 0));
    await member.restart();
    expect(member.pid).not.toBe(pid);
    const read = ["get", "killed", "--print-value-only"];
    expect(await runEtcdctl(cluster, read, at(cluster, 1))).toBe("meanwhile\n");
  });

  test("has a member that answers again after it was stopped and continued", async () => {
    const [, , member = neverMissing()] = cluster.members;
    member.stop();
    const read = ["get", "stopped", "--command-timeout=300ms"];
    await expect(runEtcdctl(cluster, read, at(cluster, 2))).rejects.toThrow(/deadline/);
    member.continue();
    await waitUntil(() => serves(cluster, 2), { what: "the member to serve" });
  });

  test("has an isolated member that its clients still reach, until it rejoins", async () => {
    const [, member = neverMissing()] = cluster.members;
    member.isolate();
    await waitUntil(async () => !(await serves(cluster, 1)), { what: "it to lose the others" });
    const local = ["get", "isolated", "--consistency=s", "--print-value-only"];
    expect(await runEtcdctl(cluster, local, at(cluster, 1))).toBe("");
    await waitUntil(() => serves(cluster, 0), { what: "the others to go on" });
    // Often, since members have more than one way to tell each other.
    for (let turn = 0; turn < 20; turn += 1) {
      await runEtcdctl(cluster, ["put", "isolated", "without it"], at(cluster, 0));
    }
    expect(await runEtcdctl(cluster, local, at(cluster, 1))).toBe("");
    await member.rejoin();
    await waitUntil(() => serves(cluster, 1), { what: "it to find the others again" });
    expect(await runEtcdctl(cluster, local, at(cluster, 1))).toBe("without it\n");
  });
});

describe.skipIf(!(await haveServer("etcd")))("starting etcd", () => {
  test("gives two clusters that start at once ports of their own", async () => {
    const [one, other] = await Promise.all([startEtcd({ members: 1 }), startEtcd({ members: 1 })]);
    await runEtcdctl(one, ["put", "here", "1"]);
    expect(await runEtcdctl(other, ["get", "here"])).toBe("");
    await Promise.all([one.stop(), other.stop()]);
  });

  test("leaves neither process nor file behind when it is stopped, also twice", async () => {
    const cluster = await startEtcd({ members: 1 });
    const [member = neverMissing()] = cluster.members;
    expect(existsSync(member.dataDir)).toBe(true);
    await cluster.stop();
    await cluster.stop();
    expect(member.running).toBe(false);
    expect(existsSync(member.logFile)).toBe(false);
  });

  test("that fails tells what the member said, and leaves nothing", async () => {
    const starting = startEtcd({ members: 1, env: { ETCD_AUTO_COMPACTION_RETENTION: "nonsense" } });
    await expect(starting).rejects.toThrow(/it ended[^]*nonsense/);
  });

  test("with TLS lets in only clients of its authority", async () => {
    const files = createTlsFiles();
    const cluster = await startEtcd({ members: 1, tls: files, clientCertAuth: true });
    await runEtcdctl(cluster, ["put", "secret", "1"]);
    const { otherClient: stranger } = files;
    const foreign = { ETCDCTL_CERT: stranger.certFile, ETCDCTL_KEY: stranger.keyFile };
    const read = ["get", "secret", "--command-timeout=500ms"];
    const trying = runEtcdctl(cluster, read, { env: foreign });
    await expect(trying).rejects.toThrow(/deadline exceeded/);
    await cluster.stop();
    await files[Symbol.asyncDispose]();
  });

  test("with users serves only those who know the password", async () => {
    const cluster = await startEtcd({ members: 1, env: { ETCD_AUTH_TOKEN_TTL: "2" } });
    const alice = { user: "alice", password: "opensesame" };
    await enableAuth(cluster, alice);
    await runEtcdctl(cluster, ["put", "any/key", "hers"], { as: alice });
    expect(await runEtcdctl(cluster, ["get", "any/key"], { as: alice })).toBe("any/key\nhers\n");
    await expect(runEtcdctl(cluster, ["get", "any/key"])).rejects.toThrow(/user name is empty/);
    const mallory = { ...alice, password: "guess" };
    const guessing = runEtcdctl(cluster, ["get", "any/key"], { as: mallory });
    await expect(guessing).rejects.toThrow(/authentication failed/);
    await cluster.stop();
  });

  test("with a quota refuses writes once it is full", async () => {
    const cluster = await startEtcd({ members: 1, quotaBytes: 1_000_000 });
    let refusal = "";
    const fill = async (): Promise<boolean> => {
      try {
        await runEtcdctl(cluster, ["put", "large", "x".repeat(100_000)]);
      } catch (error) {
        refusal = String(error); // looked at below
      }
      return refusal !== "";
    };
    await waitUntil(fill, { what: "it to be full" });
    expect(refusal).toContain("database space exceeded");
    await cluster.stop();
  });
});

describe.skipIf(!(await haveServer("etcd-newer")))("etcd of Debian 13", () => {
  test("starts, without waiting for the disk if so asked", async () => {
    const cluster = await startEtcd({ version: "newer", unsafeNoFsync: true });
    expect(cluster.programs.version).toMatch(/^3\.5\./);
    await runEtcdctl(cluster, ["put", "a", "1"]);
    await cluster.stop();
  });
});

describe.skipIf(!(await haveServer("etcd-current")))("the newest etcd", () => {
  test("starts", async () => {
    const cluster = await startEtcd({ version: "current" });
    expect(cluster.programs.version).toMatch(/^3\.7\./);
    await runEtcdctl(cluster, ["put", "a", "1"]);
    await cluster.stop();
  });
});

function at(cluster: EtcdCluster, index: number): EtcdctlOptions {
  return { env: { ETCDCTL_ENDPOINTS: cluster.endpoints[index] ?? neverMissing() } };
}

async function serves(cluster: EtcdCluster, index: number): Promise<boolean> {
  try {
    await runEtcdctl(cluster, ["get", "any", "--command-timeout=500ms"], at(cluster, index));
    return true;
  } catch {
    return false; // what the caller asks
  }
}

function neverMissing(): never {
  throw new Error("the cluster has fewer members than it was started with");
}
