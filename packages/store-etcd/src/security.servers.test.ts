import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Store } from "@mandate/election";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";

import { startEtcd } from "../../../scripts/servers/etcd.ts";
import { enableAuth, runEtcdctl } from "../../../scripts/servers/etcdctl.ts";
import { haveServer } from "../../../scripts/servers/programs.ts";
import { createTlsFiles } from "../../../scripts/servers/tls.ts";
import { aStore, anElection, watched, within } from "./store.test-support.ts";

const hasEtcd = await haveServer("etcd");

describe.skipIf(!hasEtcd)("TLS", async () => {
  const files = createTlsFiles();
  const { ca, client, otherCa, otherClient } = files;
  const cluster = await startEtcd({ members: 1, tls: files, clientCertAuth: true });
  afterAll(async () => {
    await cluster.stop();
    await files[Symbol.asyncDispose]();
  });
  const { endpoints } = cluster;
  const mutual = { ca: ca.certFile, cert: client.certFile, key: client.keyFile };

  test("a session works with mutual TLS, with certificates as files and as texts", async () => {
    await works(await aStore({ endpoints, tls: mutual }));
    const text = (file: string): Promise<string> => readFile(file, "utf8");
    const tls = {
      ca: await text(mutual.ca),
      cert: await text(mutual.cert),
      key: await text(mutual.key),
    };
    await works(await aStore({ endpoints, tls }));
  });

  test.each([
    ["an authority that signed nothing here", { ...mutual, ca: otherCa.certFile }],
    ["the authorities of Node.js alone", {}],
    ["no certificate of the client", { ca: ca.certFile }],
    [
      "a client's certificate by somebody else",
      { ca: ca.certFile, cert: otherClient.certFile, key: otherClient.keyFile },
    ],
    ["another server name", { ...mutual, serverName: "etcd.example" }],
    ["a file that is not there", { ...mutual, ca: "/nowhere/ca.pem" }],
  ])("with %s it fails with TLS_FAILED, at once, with nothing done", async (_what, tls) => {
    const store = await aStore({ endpoints, tls });
    const beganMs = performance.now();
    await expect(store.openSession({ ttlMs: 2_000 }, within())).rejects.toMatchObject({
      code: "TLS_FAILED",
      applied: "no",
      message: expect.stringContaining("check ca, cert, key") as unknown,
    });
    expect(performance.now() - beganMs).toBeLessThan(2_000);
  });

  test("plain text where TLS is wanted, and the reverse, are refused", async () => {
    const plain = await aStore({ endpoints: endpoints.map((url) => url.replace("https", "http")) });
    await expect(plain.read("a", within())).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await using other = await startEtcd({ members: 1 });
    const url = other.endpoints[0]?.replace("http", "https") ?? "";
    const secure = await aStore({ endpoints: [url], tls: mutual });
    await expect(secure.read("a", within())).rejects.toMatchObject({ code: "TLS_FAILED" });
  });

  test("a server whose certificate has expired is refused", async () => {
    const server = files.expiredServer;
    await using expired = await startEtcd({ members: 1, tls: { ...files, server } });
    const store = await aStore({ endpoints: expired.endpoints, tls: mutual });
    await expect(store.openSession({ ttlMs: 2_000 }, within())).rejects.toMatchObject({
      code: "TLS_FAILED",
      message: expect.stringContaining("expired") as unknown,
    });
  });
});

describe.skipIf(!hasEtcd)("user and password", async () => {
  const cluster = await startEtcd({ members: 1, env: { ETCD_AUTH_TOKEN_TTL: "1" } });
  const root = { user: "root", password: "secret" };
  await enableAuth(cluster, root);
  afterAll(() => cluster.stop());
  const { endpoints } = cluster;

  test("a session works, and goes on when its token has run out (pitfall 20)", async () => {
    const store = await aStore({ endpoints, ...root });
    const session = await store.openSession({ ttlMs: 20_000 }, within());
    await tokensRunOut();
    await session.renew(within());
    await tokensRunOut();
    await works(store);
    await session.close(within());
  });

  test("a watch begins, and goes on, when the token of its stream has run out", async () => {
    const store = await aStore({ endpoints, ...root });
    const [early, late] = [anElection(), anElection()];
    const one = watched(store, early);
    await one.until("the first snapshot", () => true);
    await tokensRunOut();
    const other = watched(store, late);
    await other.until("the first snapshot", () => true);
    const session = await store.openSession({ ttlMs: 20_000 }, within());
    for (const election of [early, late]) {
      await session.stand({ election, registration: "" }, within());
    }
    await one.until("the claim", ({ claims }) => claims.length === 1);
    await other.until("the claim", ({ claims }) => claims.length === 1);
    await session.close(within());
  });

  test("the password may come from a file, which is read again for each token", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mandate-password-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const passwordFile = join(folder, "password");
    await writeFile(passwordFile, "wrong\n");
    const store = await aStore({ endpoints, user: "root", passwordFile });
    await expect(store.read("a", within())).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    await writeFile(passwordFile, "secret\n");
    await expect(store.read("a", within())).resolves.toMatchObject({ claims: [] });
  });

  test.each([
    ["a wrong password", { user: "root", password: "wrong" }],
    ["a user that there is not", { user: "nobody", password: "secret" }],
    ["no user at all", {}],
    ["a password file that is not there", { user: "root", passwordFile: "/nowhere" }],
  ])("with %s it fails with ACCESS_DENIED, with nothing done", async (_what, who) => {
    const store = await aStore({ endpoints, ...who });
    await expect(store.openSession({ ttlMs: 2_000 }, within())).rejects.toMatchObject({
      code: "ACCESS_DENIED",
      applied: "no",
      message: expect.stringContaining("check user and password") as unknown,
    });
  });

  test("a user who may read and write behind the prefix alone needs no more", async () => {
    const etcdctl = (...args: string[]) => runEtcdctl(cluster, args, { as: root });
    await etcdctl("user", "add", "app:app");
    await etcdctl("role", "add", "app");
    await etcdctl("role", "grant-permission", "app", "readwrite", "app/", "--prefix");
    await etcdctl("user", "grant-role", "app", "app");
    const app = { endpoints, user: "app", password: "app" };
    const store = await aStore({ ...app, prefix: "app" });
    await works(store);
    const election = anElection();
    const watch = watched(store, election);
    await watch.until("the first snapshot", () => true);
    await store.writeControl({ election, text: "x", expectedVersion: undefined }, within());
    await watch.until("the record", ({ control }) => control?.text === "x");
    const session = await store.openSession({ ttlMs: 5_000 }, within());
    await store.read(election, within());
    const { snapshot } = await session.stand({ election, registration: "" }, within());
    expect(snapshot.control?.text).toBe("x");
    await session.close(within());

    const elsewhere = await aStore({ ...app, prefix: "other" });
    const denied = { code: "ACCESS_DENIED", applied: "no" };
    await expect(elsewhere.read("a", within())).rejects.toMatchObject(denied);
    const refused = elsewhere.watch("a", within())[Symbol.asyncIterator]().next();
    await expect(refused).rejects.toMatchObject(denied);
  });

  test("credentials are not needed where etcd has authentication turned off", async () => {
    await using open = await startEtcd({ members: 1 });
    await works(await aStore({ endpoints: open.endpoints, ...root }));
  });

  /** Waits until etcd forgets tokens that were just used: it looks each second. */
  async function tokensRunOut(): Promise<void> {
    const probe = await authenticate();
    const known = (): Promise<boolean> => mayRead(probe);
    // Each use gives a token another second, so it is asked seldom.
    await expect.poll(known, { timeout: 15_000, interval: 2_500 }).toBe(false);
  }

  async function authenticate(): Promise<string> {
    const answer = await post("auth/authenticate", { name: root.user, password: root.password });
    const { token } = (await answer.json()) as { readonly token: string };
    return token;
  }

  async function mayRead(token: string): Promise<boolean> {
    const answer = await post("kv/range", { key: "YQ==" }, { authorization: token });
    return answer.ok;
  }

  function post(path: string, body: object, headers: Record<string, string> = {}) {
    return fetch(`${endpoints[0] ?? ""}/v3/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers,
    });
  }
});

async function works(store: Store): Promise<void> {
  const session = await store.openSession({ ttlMs: 5_000 }, within());
  await session.renew(within());
  const { claim } = await session.stand({ election: anElection(), registration: "" }, within());
  await session.withdraw(claim, within());
  await session.close(within());
}
