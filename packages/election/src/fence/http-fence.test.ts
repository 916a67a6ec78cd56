import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import fc from "fast-check";
import { expect, test } from "vitest";

import { lostMandate } from "./fence.test-support.ts";
import type { FencedMandate } from "./fenced-mandate.ts";
import { fenceRequest, mandateHeaders, type RequestHeaders } from "./http-fence.ts";
import { memoryFence } from "./memory-fence.ts";

const election = "billing/zürich 月";

function mandate(term: bigint, name: string = election): FencedMandate {
  return { election: name, term, check: () => undefined };
}

function termOf(headers: RequestHeaders, name: string = election) {
  return fenceRequest({ headers, election: name }, ({ term }) => term);
}

test("a mandate arrives as it was sent, in headers that HTTP can carry", async () => {
  const name = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .map((text) => `x${text}x`.normalize("NFC"))
    .filter((text) => !/\p{C}/u.test(text) && Buffer.byteLength(text) <= 256);
  const term = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
  await fc.assert(
    fc.asyncProperty(name, term, async (sentName, sentTerm) => {
      const headers = mandateHeaders({ election: sentName, term: sentTerm });
      expect(headers["mandate-election"]).toMatch(/^[\x21-\x7e]+$/);
      expect(await termOf(headers, sentName)).toEqual({ ok: true, value: sentTerm });
      expect(await termOf(new Headers(headers), sentName)).toEqual({ ok: true, value: sentTerm });
    }),
  );
});

test("control characters in a name can be read, whoever sent them", async () => {
  const headers = { "mandate-election": "a%00%0A", "mandate-term": "5" };
  expect(await termOf(headers, "a\0\n")).toEqual({ ok: true, value: 5n });
});

test("headers that are no mandate's never reach the work, and never throw", async () => {
  const value = fc.option(
    fc.oneof(fc.string({ unit: "grapheme" }), fc.array(fc.string(), { maxLength: 2 })),
    { nil: undefined },
  );
  const headers = fc.record({ "mandate-election": value, "mandate-term": value });
  await fc.assert(
    fc.asyncProperty(headers, async (sent) => {
      const answer = await termOf(sent, "never sent");
      expect(answer).toMatchObject({ ok: false, body: { error: expect.any(String) } });
    }),
  );
});

test("answers 428 when a header is missing", async () => {
  const headers = mandateHeaders(mandate(5n));
  expect(await termOf({})).toMatchObject({ ok: false, status: 428 });
  expect(await termOf({ ...headers, "mandate-term": undefined })).toMatchObject({ status: 428 });
  expect(await termOf({ "mandate-term": "5" })).toMatchObject({ status: 428 });
  expect(await termOf(new Headers())).toMatchObject({
    status: 428,
    body: { error: expect.stringContaining("send the headers Mandate-Election and Mandate-Term") },
  });
});

test.each(["", "x", "-1", "+1", "1.0", "1e3", "0x5", "05", " 5", "5, 6", "9223372036854775808"])(
  "answers 400 to the term %j",
  async (term) => {
    const answer = await termOf({ ...mandateHeaders(mandate(5n)), "mandate-term": term });
    expect(answer).toMatchObject({ ok: false, status: 400 });
  },
);

test.each(["", "%", "%zz", "%ff", "a, a", "zürich", "a b"])(
  "answers 400 to the election %j",
  async (name) => {
    const answer = await termOf({ "mandate-election": name, "mandate-term": "5" });
    expect(answer).toMatchObject({
      ok: false,
      status: 400,
      body: { error: expect.stringContaining("Mandate-Election") },
    });
  },
);

test("answers 400 to a mandate of another election, however great its term", async () => {
  const answer = await termOf(mandateHeaders(mandate(2n ** 62n, "other")));
  expect(answer).toMatchObject({
    ok: false,
    status: 400,
    body: { error: expect.stringContaining(`under election "${election}", not "other"`) },
  });
});

test("answers 412 when the fence has seen a greater term", async () => {
  const fence = memoryFence();
  fence.admit(mandate(6n));
  const answer = await fenceRequest(
    { headers: mandateHeaders(mandate(5n)), election },
    (requested) => fence.admit(requested),
  );
  expect(answer).toMatchObject({
    ok: false,
    status: 412,
    body: { error: expect.stringMatching(/term 5 .* term 6/) },
  });
});

test("throws on what else the work throws", async () => {
  const broken = new Error("the disk is full");
  await expect(
    fenceRequest({ headers: mandateHeaders(mandate(5n)), election }, () => {
      throw broken;
    }),
  ).rejects.toBe(broken);
});

test("a lost mandate gets no headers", () => {
  expect(() => mandateHeaders(lostMandate())).toThrow(
    expect.objectContaining({ code: "MANDATE_LOST" }),
  );
});

test("an HTTP server refuses the leader of the past", async () => {
  const fence = memoryFence();
  const written: string[] = [];
  const server = createServer((request, response) => {
    void fenceRequest({ headers: request.headers, election }, (requested) => {
      fence.admit(requested);
      written.push(`term ${requested.term}`);
    }).then((answer) => response.writeHead(answer.ok ? 204 : answer.status).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const post = async (headers: Readonly<Record<string, string>>): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers })).status;
    expect(await post(mandateHeaders(mandate(5n)))).toBe(204);
    expect(await post(mandateHeaders(mandate(6n)))).toBe(204);
    expect(await post(mandateHeaders(mandate(5n)))).toBe(412);
    expect(await post({})).toBe(428);
    expect(written).toEqual(["term 5", "term 6"]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
