import { expect, onTestFinished, test } from "vitest";

import { EtcdClient } from "./client/etcd-client.ts";
import { encodeFrame } from "./client/frames.ts";
import { answerWith, startOddServer } from "./client/odd-server.test-support.ts";
import { EtcdCalls } from "./etcd-calls.ts";
import { EtcdSession } from "./etcd-session.ts";
import { LeaseKeepAliveResponse, RangeResponse } from "./gen/etcd.ts";
import { KeyLayout } from "./keys.ts";
import { ViewReader } from "./view-reader.ts";

// What members answer only in moments that cannot be brought about from outside.

test("a renewal with its proof in the same term counts (S4)", async () => {
  const { session, signal } = await sessionOn({ renewedTerm: 7n, provenTerm: 7n, ttl: 5n });
  await expect(session.renew({ signal })).resolves.toBe(undefined);
});

test("a renewal whose proof is of another term does not count, nor is the session lost", async () => {
  const { session, signal } = await sessionOn({ renewedTerm: 7n, provenTerm: 8n, ttl: 5n });
  await expect(session.renew({ signal })).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: expect.stringContaining("leader changed between") as unknown,
  });
});

test("a member that does not know the session yet does not end it", async () => {
  const { session, signal } = await sessionOn({ renewedTerm: 7n, provenTerm: 7n, ttl: 0n });
  await expect(session.renew({ signal })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});

test("a session whose key is gone is lost, whatever a member says of its lease", async () => {
  const answers = { renewedTerm: 7n, provenTerm: 7n, ttl: 5n, keys: 0 };
  const { session, signal } = await sessionOn(answers);
  await expect(session.renew({ signal })).rejects.toMatchObject({ code: "SESSION_LOST" });
});

/** A session on a server that gives these answers to renewal and proof. */
async function sessionOn(answers: {
  readonly renewedTerm: bigint;
  readonly provenTerm: bigint;
  readonly ttl: bigint;
  readonly keys?: number;
}) {
  const header = { clusterId: 1n, memberId: 1n, revision: 1n };
  const renewed = LeaseKeepAliveResponse.encode({
    header: { ...header, raftTerm: answers.renewedTerm },
    id: 31n,
    ttl: answers.ttl,
  }).finish();
  const nothing = Buffer.alloc(0);
  const kv = { key: nothing, value: nothing, createRevision: 1n, modRevision: 1n };
  const proof = RangeResponse.encode({
    header: { ...header, raftTerm: answers.provenTerm },
    kvs: Array.from({ length: answers.keys ?? 1 }, () => kv),
  }).finish();
  const server = await startOddServer((stream, _request, path) =>
    answerWith(stream, encodeFrame(path.endsWith("/LeaseKeepAlive") ? renewed : proof)),
  );
  const client = new EtcdClient({ targets: [server.target], credentials: undefined });
  onTestFinished(async () => {
    client.close();
    await server[Symbol.asyncDispose]();
  });
  const layout = new KeyLayout("");
  const session = new EtcdSession({
    calls: new EtcdCalls(client),
    layout,
    views: new ViewReader(layout),
    lease: 31n,
    ttlMs: 5_000,
  });
  return { session, signal: AbortSignal.timeout(5_000) };
}
