import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";

import { findEtcd } from "../../../scripts/servers/etcd-programs.ts";
import { startEtcd } from "../../../scripts/servers/etcd.ts";
import type { EtcdCluster } from "../../../scripts/servers/etcd.ts";
import { runEtcdctl } from "../../../scripts/servers/etcdctl.ts";
import { haveServer } from "../../../scripts/servers/programs.ts";
import { EtcdClient } from "./client/etcd-client.ts";
import { methods } from "./client/methods.ts";
import { resolveOptions } from "./options.ts";
import { makeStallingDisk } from "./stalling-disk.test-support.ts";
import { aStore, anElection, watched, within } from "./store.test-support.ts";

const hasEtcd = await haveServer("etcd");
const disk = hasEtcd ? makeStallingDisk((await findEtcd("stable")).etcd) : undefined;

// S4: a renewal counts only with proof of a quorum. Each test first shows the lie: the member says
// that the lease was renewed, which is all that a client without the proof would look at.

describe.skipIf(!hasEtcd)("renewals at a member that is cut off from the others", async () => {
  const cluster = await startEtcd({ peerProxy: true });
  afterAll(() => cluster.stop());

  test("are confirmed by the member, and not taken for renewals (S4)", async () => {
    const leader = await leaderOf(cluster);
    const { session, keepAlive } = await sessionAt(leader);
    leader.isolate();
    onTestFinished(() => leader.rejoin());
    expect(await keepAlive()).toBeGreaterThan(0n);
    await expect(session.renew(within(1_000))).rejects.not.toMatchObject({ code: "SESSION_LOST" });
  });
});

describe.skipIf(disk === undefined)("on a member whose disk hangs", async () => {
  if (disk === undefined) return;
  const { etcdctl } = await findEtcd("stable");
  vi.stubEnv("MANDATE_ETCD", disk.program);
  vi.stubEnv("MANDATE_ETCDCTL", etcdctl);
  const cluster = await startEtcd();
  vi.unstubAllEnvs();
  afterAll(async () => {
    for (const { name } of cluster.members) disk.recover(name);
    await cluster.stop();
    disk[Symbol.dispose]();
  });

  test("renewals are confirmed after the majority ended the session, and not taken for renewals (S4)", async () => {
    const leader = await leaderOf(cluster);
    const others = cluster.endpoints.filter((endpoint) => endpoint !== leader.endpoint);
    const { session, keepAlive } = await sessionAt(leader);
    const election = anElection();
    const { claim } = await session.stand({ election, registration: "" }, within());
    const majority = await aStore({ endpoints: others });

    await diskIsIdle(leader);
    disk.stall(leader.name);
    onTestFinished(() => disk.recover(leader.name));
    // A disk that hangs is noticed by the first write: from there on the leader is silent to the
    // others, and does not hear them either.
    const record = { election: anElection(), text: "x", expectedVersion: undefined };
    const writing = majority.writeControl(record, within(2_000)).catch(() => undefined);
    const claims = async (): Promise<number> => {
      // A client without the proof renews happily all the while.
      expect(await keepAlive()).toBeGreaterThan(0n);
      const call = majority.read(election, within(1_000));
      return call.then((snapshot) => snapshot.claims.length).catch(() => -1);
    };
    await expect.poll(claims, { timeout: 20_000, interval: 100 }).toBe(0);
    await writing;
    expect(await keepAlive()).toBeGreaterThan(0n);
    await expect(session.renew(within(1_000))).rejects.not.toMatchObject({ code: "SESSION_LOST" });

    disk.recover(leader.name);
    const lost = (): Promise<unknown> =>
      session.renew(within(1_000)).catch((error: unknown) => error);
    await expect.poll(lost, { timeout: 10_000 }).toMatchObject({ code: "SESSION_LOST" });
    await expect(session.withdraw(claim, within())).resolves.toBe(undefined);
  });

  test("a watch is left for a member that keeps up, once others have shown more", async () => {
    const leader = await leaderOf(cluster);
    const follower = cluster.members.find(({ name }) => name !== leader.name) ?? leader;
    const others = cluster.endpoints.filter((endpoint) => endpoint !== follower.endpoint);
    const store = await aStore({ endpoints: [follower.endpoint, ...others] });
    const election = anElection();
    const watch = watched(store, election);
    await watch.until("the first snapshot", () => true);
    disk.stall(follower.name);
    onTestFinished(() => disk.recover(follower.name));
    const elsewhere = await aStore({ endpoints: others });
    const session = await elsewhere.openSession({ ttlMs: 20_000 }, within());
    const { claim } = await session.stand({ election, registration: "" }, within());
    // The read finds the member mute, goes to the next, and so learns how far the others are.
    await store.read(election, within(5_000));
    await watch.until("the claim", ({ claims }) => claims[0]?.term === claim.term, 9_000);
    await session.close(within());
  });
});

async function leaderOf(cluster: EtcdCluster): Promise<EtcdCluster["members"][number]> {
  const status = await runEtcdctl(cluster, ["endpoint", "status", "--write-out=simple"]);
  const fields = status.split("\n").map((line) => line.split(", "));
  const leading = fields.find((line) => line[4] === "true")?.[0];
  const member = cluster.members.find(({ endpoint }) => endpoint === leading);
  if (member === undefined) throw new Error(`no leader in:\n${status}`);
  return member;
}

/**
 * Waits until the member has written all that it has to write: in the middle of that even a
 * renewal would wait for the disk.
 */
async function diskIsIdle(member: EtcdCluster["members"][number]): Promise<void> {
  let before = "";
  const isSame = async (): Promise<boolean> => {
    const metrics = await (await fetch(`${member.endpoint}/metrics`)).text();
    const commits =
      /^etcd_disk_backend_commit_duration_seconds_count .*$/m.exec(metrics)?.[0] ?? "";
    const same = commits !== "" && commits === before;
    before = commits;
    return same;
  };
  // What was written is committed each 100 ms.
  await expect.poll(isSame, { timeout: 10_000, interval: 300 }).toBe(true);
}

/** A session through one member alone, and its renewal as it is without any proof. */
async function sessionAt(member: EtcdCluster["members"][number]) {
  const options = { endpoints: [member.endpoint] };
  const store = await aStore(options);
  const session = await store.openSession({ ttlMs: 2_000 }, within());
  const client = new EtcdClient({ ...resolveOptions(options) });
  onTestFinished(() => client.close());
  const keepAlive = async (): Promise<bigint> => {
    const call = { ...within(1_000), attemptMs: 1_000, retry: "always" } as const;
    const { ttl } = await client.call(methods.keepAlive, { id: BigInt(`0x${session.id}`) }, call);
    return ttl;
  };
  return { session, keepAlive };
}
