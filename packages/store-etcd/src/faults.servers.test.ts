import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import type { Claim, StoreSession } from "@mandate/election";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";

import { findEtcd } from "../../../scripts/servers/etcd-programs.ts";
import { startEtcd } from "../../../scripts/servers/etcd.ts";
import type { EtcdCluster } from "../../../scripts/servers/etcd.ts";
import { runEtcdctl } from "../../../scripts/servers/etcdctl.ts";
import { haveServer } from "../../../scripts/servers/programs.ts";
import { startTcpProxy } from "../../../scripts/servers/tcp-proxy.ts";
import type { TcpProxy } from "../../../scripts/servers/tcp-proxy.ts";
import { EtcdClient } from "./client/etcd-client.ts";
import type { RpcFailure } from "./client/rpc-failure.ts";
import { WatchHub } from "./client/watch-hub.ts";
import { resolveOptions } from "./options.ts";
import { aStore, anElection, watched, within } from "./store.test-support.ts";

const ttlMs = 5_000;
/** What the core gives a call at this TTL. */
const callMs = ttlMs / 5;

describe.skipIf(!(await haveServer("etcd")))("a store on a cluster in trouble", async () => {
  const cluster = await startEtcd();
  afterAll(() => cluster.stop());

  test("renews through another member when the one it used stands still (pitfall 9)", async () => {
    const { member, endpoints } = await followerFirst(cluster);
    const store = await aStore({ endpoints });
    const session = await store.openSession({ ttlMs }, within());
    member.stop();
    onTestFinished(() => member.continue());
    await expect(session.renew(within(callMs))).rejects.toThrow();
    await session.renew(within(callMs));
    await session.close(within());
  });

  test("goes on at once when the member it used is killed", async () => {
    const { member, endpoints } = await followerFirst(cluster);
    const store = await aStore({ endpoints });
    const session = await store.openSession({ ttlMs: 10_000 }, within());
    await member.kill();
    onTestFinished(() => member.restart());
    await session.renew(within(callMs));
    const { claim } = await session.stand({ election: anElection(), registration: "" }, within());
    await session.withdraw(claim, within());
    await session.close(within());
  });

  test("says STORE_UNAVAILABLE or TIMEOUT while most members are gone, then works again", async () => {
    const store = await aStore({ endpoints: cluster.endpoints });
    const [first, second] = cluster.members;
    await first?.kill();
    await second?.kill();
    await expect(store.read(anElection(), within())).rejects.toMatchObject({
      code: expect.stringMatching(/STORE_UNAVAILABLE|TIMEOUT/) as unknown,
    });
    await Promise.all([first?.restart(), second?.restart()]);
    await expect(store.read(anElection(), within())).resolves.toMatchObject({ claims: [] });
  });

  test("a stand whose answer was lost says so, and its claim is found and removable (pitfall 6)", async () => {
    const { store, proxy } = await throughProxy(cluster);
    const session = await store.openSession({ ttlMs: 10_000 }, within());
    const election = anElection();
    proxy.cut({ direction: "toClient" });
    const standing = session.stand({ election, registration: "mine" }, within(4_000));
    await expect(standing).rejects.toMatchObject({ code: "TIMEOUT", applied: "unknown" });
    await proxy.heal();
    const [claim, ...others] = await session.claims(within());
    expect(claim).toMatchObject({ election, registration: "mine", sessionId: session.id });
    expect(others).toEqual([]);
    if (claim !== undefined) await session.withdraw(claim, within());
    expect(await session.claims(within())).toEqual([]);
    await session.close(within());
  });

  test("a stand that was given up keeps being looked for until it has landed", async () => {
    const { store, proxy } = await throughProxy(cluster);
    const session = await store.openSession({ ttlMs: 10_000 }, within());
    const election = anElection();
    proxy.delay(300);
    const reason = new Error("given up");
    const abort = new AbortController();
    setTimeout(() => abort.abort(reason), 150);
    const standing = session.stand({ election, registration: "late" }, { signal: abort.signal });
    await expect(standing).rejects.toBe(reason);
    const found = (): Promise<number> => session.claims(within()).then(({ length }) => length);
    await expect.poll(found, { timeout: 8_000 }).toBe(1);
    proxy.delay(0);
    await session.close(within());
  });

  test("a withdrawal whose answer was lost is repeated at the next member", async () => {
    const { store, proxy } = await throughProxy(cluster, cluster.endpoints.slice(1));
    const session = await store.openSession({ ttlMs: 10_000 }, within());
    const { claim } = await session.stand({ election: anElection(), registration: "" }, within());
    proxy.cut({ direction: "toClient" });
    await session.withdraw(claim, within(5_000));
    expect(await store.read(claim.election, within())).toMatchObject({ claims: [] });
    await session.close(within());
  });

  test("a mute server is left by the deadline, with nothing applied", async () => {
    await using proxy = await startTcpProxy({ target: cluster.endpoints[0] ?? "" });
    proxy.cut();
    const store = await aStore({ endpoints: [`http://${proxy.address}`] });
    const beganMs = performance.now();
    await expect(store.openSession({ ttlMs }, within())).rejects.toMatchObject({
      code: "TIMEOUT",
      applied: "no",
      message: expect.stringContaining("check that the endpoints are right") as unknown,
    });
    expect(performance.now() - beganMs).toBeLessThan(2_500);
  });

  test("an endpoint that nobody listens at is said to be so at once", async () => {
    const store = await aStore({ endpoints: ["http://127.0.0.1:1"] });
    const beganMs = performance.now();
    await expect(store.openSession({ ttlMs }, within())).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      applied: "no",
      message: expect.stringContaining("ECONNREFUSED") as unknown,
    });
    expect(performance.now() - beganMs).toBeLessThan(1_000);
  });

  test("a process that leaves its store open ends all the same", async () => {
    const program = `
      import { etcd, openStore } from "@mandate/store-etcd";
      const store = await openStore(etcd({ endpoints: [process.env.ENDPOINT] }).options);
      await store.read("an election", { signal: AbortSignal.timeout(5_000) });`;
    const flags = ["--conditions=mandate-source", "--input-type=module", "--eval", program];
    const env = { ...process.env, ENDPOINT: cluster.endpoints[0] };
    const cwd = import.meta.dirname;
    await promisify(execFile)(process.execPath, flags, { env, cwd, timeout: 10_000 });
  });
});

describe.skipIf(!(await haveServer("etcd")))(
  "a cluster with an election timeout of 5 s",
  async () => {
    const { etcd, etcdctl } = await findEtcd("stable");
    const folder = await mkdtemp(join(tmpdir(), "mandate-slow-etcd-"));
    const program = join(folder, "etcd");
    const timing = "--heartbeat-interval=500 --election-timeout=5000";
    await writeFile(program, `#!/bin/sh\nexec '${etcd}' "$@" ${timing}\n`, { mode: 0o755 });
    vi.stubEnv("MANDATE_ETCD", program);
    vi.stubEnv("MANDATE_ETCDCTL", etcdctl);
    const cluster = await startEtcd({ members: 1 });
    vi.unstubAllEnvs();
    afterAll(async () => {
      await cluster.stop();
      await rm(folder, { recursive: true });
    });

    test("refuses a TTL that it would make longer, and keeps nothing of it", async () => {
      const store = await aStore({ endpoints: cluster.endpoints });
      await expect(store.openSession({ ttlMs: 7_000 }, within())).rejects.toMatchObject({
        code: "TTL_BELOW_FLOOR",
        applied: "no",
        message: expect.stringContaining("set ttlMs to 8000 or more") as unknown,
      });
      expect(await runEtcdctl(cluster, ["lease", "list"])).toMatch(/found 0 leases/);
      const session = await store.openSession({ ttlMs: 8_000 }, within());
      expect(session.ttlMs).toBe(8_000);
      await session.close(within());
    });
  },
);

describe.skipIf(!(await haveServer("etcd")))("a watch in trouble", async () => {
  const cluster = await startEtcd({ peerProxy: true });
  afterAll(() => cluster.stop());

  test("heals when its member is killed, and misses nothing (pitfall 10)", async () => {
    const { member, endpoints } = await followerFirst(cluster);
    const store = await aStore({ endpoints });
    const election = anElection();
    const watch = watched(store, election);
    await watch.until("the first snapshot", () => true);
    await member.kill();
    onTestFinished(() => member.restart());
    const { claim, session } = await standElsewhere(endpoints, election);
    await watch.until("the claim", ({ claims }) => claims[0]?.term === claim.term, 3_000);
    await session.withdraw(claim, within());
    await watch.until("its withdrawal", ({ claims }) => claims.length === 0);
    await session.close(within());
  });

  test("heals when its member stands still, by the deadline of its progress", async () => {
    const { member, endpoints } = await followerFirst(cluster);
    const watching = await aStore({ endpoints });
    const election = anElection();
    const watch = watched(watching, election);
    await watch.until("the first snapshot", () => true);
    member.stop();
    onTestFinished(() => member.continue());
    const { claim, session } = await standElsewhere(endpoints, election);
    await watch.until("the claim", ({ claims }) => claims[0]?.term === claim.term, 9_000);
    await session.close(within());
  });

  test("leaves a member that is cut off from the others, although it still answers", async () => {
    const { member, endpoints } = await followerFirst(cluster);
    const watching = await aStore({ endpoints });
    const election = anElection();
    const watch = watched(watching, election);
    await watch.until("the first snapshot", () => true);
    member.isolate();
    onTestFinished(async () => {
      await member.rejoin();
      const healed = await aStore({ endpoints: [member.endpoint] });
      const serves = () => healed.read(election, within(1_000)).then(Boolean, () => false);
      await expect.poll(serves, { timeout: 10_000 }).toBe(true);
      await healed.close();
    });
    const { claim, session } = await standElsewhere(endpoints, election);
    await watch.until("the claim", ({ claims }) => claims[0]?.term === claim.term, 9_000);
    await session.close(within());
  });

  test("lists again when the revisions that it needs were compacted away", async () => {
    const { store, proxy } = await throughProxy(cluster);
    const direct = await aStore({ endpoints: cluster.endpoints });
    const session = await direct.openSession({ ttlMs: 20_000 }, within());
    const election = anElection();
    await store.read(election, within());
    // The request to watch is under way for this long, behind the read that it goes on from.
    proxy.delay(800);
    const watch = watched(store, election);
    await watch.until("the first snapshot", () => true);
    const { claim } = await session.stand({ election, registration: "one" }, within());
    await session.update({ claim, registration: "two" }, within());
    const { revision } = await direct.read(election, within());
    await runEtcdctl(cluster, ["compact", String(revision)]);
    proxy.delay(0);
    await watch.until("the claim", ({ claims }) => claims[0]?.registration === "two");
    await session.close(within());
  });

  test("is told by the member that revisions were compacted away", async () => {
    const { revision } = await (await aStore({ endpoints: cluster.endpoints })).read("a", within());
    await runEtcdctl(cluster, ["put", "compacted", "soon"]);
    await runEtcdctl(cluster, ["compact", String(revision + 1n)]);
    const { targets } = resolveOptions({ endpoints: cluster.endpoints });
    const client = new EtcdClient({ targets, credentials: undefined });
    onTestFinished(() => client.close());
    const hub = new WatchHub(client);
    const ended = new Promise<RpcFailure>((onEnd) => {
      const key = Buffer.from("compacted");
      const range = { key, rangeEnd: Buffer.alloc(0), startRevision: 1n };
      hub.watch(range, { onEnd, onEvents: () => undefined });
    });
    expect((await ended).message).toMatch(/compacted away/);
  });

  test("shows the control record and the claims of one election, and no other's", async () => {
    const store = await aStore({ endpoints: cluster.endpoints });
    const election = anElection();
    const watch = watched(store, election);
    await watch.until("the first snapshot", () => true);
    const session = await store.openSession({ ttlMs: 10_000 }, within());
    await session.stand({ election: `${election}/inner`, registration: "" }, within());
    await store.writeControl({ election, text: "x", expectedVersion: undefined }, within());
    await watch.until("the record", ({ control }) => control?.text === "x");
    expect(watch.snapshots.every(({ claims }) => claims.length === 0)).toBe(true);
    await session.close(within());
  });
});

/** A member that does not lead the cluster, and all endpoints with its own first. */
async function followerFirst(cluster: EtcdCluster): Promise<{
  readonly member: EtcdCluster["members"][number];
  readonly endpoints: readonly string[];
}> {
  const status = await runEtcdctl(cluster, ["endpoint", "status", "--write-out=simple"]);
  const follower = status
    .split("\n")
    .find((line) => line.split(", ")[4] === "false")
    ?.split(", ")[0];
  const member = cluster.members.find(({ endpoint }) => endpoint === follower);
  if (member === undefined) throw new Error(`no follower in:\n${status}`);
  const others = cluster.endpoints.filter((endpoint) => endpoint !== member.endpoint);
  return { member, endpoints: [member.endpoint, ...others] };
}

/** A claim made by another client at other members, once those have settled who leads them. */
async function standElsewhere(endpoints: readonly string[], election: string) {
  const store = await aStore({ endpoints: endpoints.slice(1) });
  const standing = { election, registration: "" };
  let session: StoreSession | undefined;
  let claim: Claim | undefined;
  const stand = async (): Promise<void> => {
    session ??= await store.openSession({ ttlMs: 20_000 }, within());
    ({ claim } = await session.stand(standing, within()));
  };
  await expect.poll(stand, { timeout: 10_000 }).toBe(undefined);
  if (session === undefined || claim === undefined) throw new Error("it does not stand");
  return { claim, session };
}

/** A store whose first endpoint, by default its only one, is behind a proxy. */
async function throughProxy(
  cluster: EtcdCluster,
  others: readonly string[] = [],
): Promise<{
  readonly store: Awaited<ReturnType<typeof aStore>>;
  readonly proxy: TcpProxy;
}> {
  const proxy = await startTcpProxy({ target: cluster.endpoints[0] ?? "" });
  onTestFinished(() => proxy.close());
  return { store: await aStore({ endpoints: [`http://${proxy.address}`, ...others] }), proxy };
}
