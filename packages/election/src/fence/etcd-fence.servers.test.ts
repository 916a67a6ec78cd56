import { beforeAll, beforeEach, expect, test as anyTest } from "vitest";

import { startEtcd, type EtcdCluster } from "../../../../scripts/servers/etcd.ts";
import { haveServer } from "../../../../scripts/servers/programs.ts";
import { mandate } from "./fence.test-support.ts";
import type { FencedMandate } from "./fenced-mandate.ts";
import {
  etcdFence,
  type EtcdFenceCompare,
  type EtcdFenceGet,
  type EtcdFencePut,
} from "./etcd-fence.ts";

const hasEtcd = await haveServer("etcd");
const test = anyTest.skipIf(!hasEtcd);
const fence = etcdFence({ key: "fences/billing" });

interface Transaction {
  readonly compare: readonly EtcdFenceCompare[];
  readonly success: readonly (EtcdFenceGet | EtcdFencePut)[];
  readonly failure: readonly (EtcdFenceGet | EtcdFencePut)[];
}

interface Answer {
  readonly succeeded?: boolean;
  readonly responses?: readonly { readonly response_range?: { readonly kvs?: readonly Kv[] } }[];
}

interface Kv {
  readonly value: string;
}

let cluster: EtcdCluster;

beforeAll(async () => {
  if (!hasEtcd) return undefined;
  cluster = await startEtcd({ members: 1 });
  return () => cluster.stop();
});

beforeEach(async () => {
  await post("deleterange", { key: base64("\0"), range_end: base64("\0") });
});

async function post(method: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${cluster.endpoints[0] ?? ""}/v3/kv/${method}`, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}

async function send({ compare, success, failure }: Transaction): Promise<Answer> {
  return (await post("txn", {
    compare: compare.map(({ key, value, result }) => ({
      target: "VALUE",
      result: result.toUpperCase(),
      key: base64(key),
      value: base64(value),
    })),
    success: success.map(operation),
    failure: failure.map(operation),
  })) as Answer;
}

/** What a client of etcd does with the data. */
async function raise(mandate: FencedMandate): Promise<void> {
  const { compare, success, failure } = fence.raise(mandate);
  const answer = await send({ compare: [compare], success: [success], failure: [failure] });
  if (answer.succeeded === true) fence.explain(mandate, lastValue(answer));
}

/** Writes in a guarded transaction; resolves to false when one of its own conditions failed. */
async function write(
  mandate: FencedMandate,
  order: string,
  own: readonly EtcdFenceCompare[] = [],
): Promise<boolean> {
  const { compare, failure } = fence.guard(mandate);
  const answer = await send({
    compare: [compare, ...own],
    success: [put(order, "written")],
    failure: [failure],
  });
  if (answer.succeeded !== true) fence.explain(mandate, lastValue(answer));
  return answer.succeeded === true;
}

async function count(prefix: string): Promise<number> {
  const end = prefix.replace(/\/$/, "0"); // the byte after a slash
  const body = { key: base64(prefix), range_end: base64(end), count_only: true };
  const { count: keys } = (await post("range", body)) as { readonly count?: string };
  return Number(keys ?? 0);
}

test("admits terms as they grow and equal ones, and refuses lower ones", async () => {
  await raise(mandate(9n));
  await raise(mandate(9n));
  await raise(mandate(10n));
  await expect(raise(mandate(9n))).rejects.toMatchObject({
    code: "STALE_TERM",
    message: expect.stringMatching(/term 9 .* term 10\./),
  });
  await raise(mandate(2n ** 63n - 1n));
  await expect(raise(mandate(2n ** 63n - 2n))).rejects.toMatchObject({ code: "STALE_TERM" });
});

test("etcd would take 9 for greater than 10 if terms were not padded", async () => {
  await send({ compare: [], success: [put("plain", "9")], failure: [] });
  const greater = { target: "value", result: "greater", key: "plain", value: "10" } as const;
  expect(await send({ compare: [greater], success: [], failure: [] })).toMatchObject({
    succeeded: true,
  });
});

test("writes under the term that the fence was raised to, and under no other", async () => {
  await expect(write(mandate(5n), "orders/a")).rejects.toThrow(/raise it before the first read/);
  await raise(mandate(5n));
  expect(await write(mandate(5n), "orders/a")).toBe(true);
  await expect(write(mandate(6n), "orders/b")).rejects.toThrow(/raise it before the first read/);
  await expect(write(mandate(4n), "orders/b")).rejects.toMatchObject({ code: "STALE_TERM" });
  expect(await count("orders/")).toBe(1);
});

test("leaves it to the caller when another condition of its transaction failed", async () => {
  const isNew = { target: "value", result: "equal", key: "orders/a", value: "new" } as const;
  await raise(mandate(5n));
  expect(await write(mandate(5n), "orders/b", [isNew])).toBe(false);
  expect(await count("orders/")).toBe(0);
});

test("an old write lands behind the new leader's read, unless that raised the fence (S8)", async () => {
  await raise(mandate(1n));
  expect(await count("orders/")).toBe(0);
  expect(await write(mandate(1n), "orders/behind")).toBe(true);
  expect(await count("orders/")).toBe(1);
  await raise(mandate(2n));
  expect(await count("orders/")).toBe(1);
  await expect(write(mandate(1n), "orders/b")).rejects.toMatchObject({ code: "STALE_TERM" });
  expect(await count("orders/")).toBe(1);
});

test("no old write lands behind the new leader's read while both are at work", async () => {
  for (let round = 1n; round <= 50n; round += 1n) {
    const [old, newer] = [mandate(2n * round), mandate(2n * round + 1n)];
    await raise(old);
    const begin = (order: number): Promise<boolean> => write(old, `${round}/${order}`);
    const before = [0, 1, 2, 3, 4, 5, 6, 7].slice(Number(round % 9n)).map(begin);
    const read = raise(newer).then(() => count(`${round}/`));
    const writes = [...before, ...[8, 9, 10, 11, 12, 13, 14, 15].map(begin)];
    const results = await Promise.allSettled(writes);
    const landed = results.filter(({ status }) => status === "fulfilled").length;
    expect(await read).toBe(landed);
    expect(await count(`${round}/`)).toBe(landed);
  }
});

function put(key: string, value: string): EtcdFencePut {
  return { kind: "put", key, value };
}

function operation(of: EtcdFenceGet | EtcdFencePut): unknown {
  return of.kind === "get"
    ? { request_range: { key: base64(of.key) } }
    : { request_put: { key: base64(of.key), value: base64(of.value) } };
}

function lastValue({ responses = [] }: Answer): string | undefined {
  const value = responses.at(-1)?.response_range?.kvs?.[0]?.value;
  return value === undefined ? undefined : Buffer.from(value, "base64").toString();
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
