import { MandateError } from "@mandate/election";
import { describe, expect, test } from "vitest";

import { etcd } from "./etcd.ts";
import { resolveOptions } from "./options.ts";

const endpoints = ["https://10.0.0.1:2379"];

test("a description is plain data that names its module", () => {
  const description = etcd({ endpoints, prefix: "services" });
  expect(structuredClone(description)).toEqual(description);
  expect(description.module).toMatch(/^file:.*\/etcd\.ts$/);
});

test("endpoints are taken apart, 2379 being the port that is not named", () => {
  const { targets } = resolveOptions({
    endpoints: ["http://10.0.0.1", "https://etcd.example:443", "http://[::1]:80/"],
  });
  expect(targets).toEqual([
    { host: "10.0.0.1", port: 2379, authority: "10.0.0.1:2379", tls: undefined },
    { host: "etcd.example", port: 443, authority: "etcd.example:443", tls: {} },
    { host: "::1", port: 80, authority: "[::1]:80", tls: undefined },
  ]);
});

test("a prefix ends in a slash, as it is or by one that is added", () => {
  expect(resolveOptions({ endpoints }).prefix).toBe("");
  expect(resolveOptions({ endpoints, prefix: "" }).prefix).toBe("");
  expect(resolveOptions({ endpoints, prefix: "a" }).prefix).toBe("a/");
  expect(resolveOptions({ endpoints, prefix: "/a/" }).prefix).toBe("/a/");
});

describe("what cannot be used is refused with what to change", () => {
  test.each<[string, unknown, RegExp]>([
    ["no object", undefined, /must be an object/],
    ["no endpoints", {}, /endpoints must list at least one/],
    ["an empty list", { endpoints: [] }, /endpoints must list at least one/],
    ["no text", { endpoints: [1] }, /an endpoint is no text/],
    ["no scheme", { endpoints: ["10.0.0.1:2379"] }, /is not of the form/],
    ["another scheme", { endpoints: ["etcd://10.0.0.1:2379"] }, /is not of the form/],
    ["a path", { endpoints: ["http://10.0.0.1:2379/a"] }, /is not of the form/],
    ["a port too high", { endpoints: ["http://10.0.0.1:65536"] }, /is not of the form/],
    ["a password", { endpoints: ["http://root:secret@10.0.0.1"] }, /options user and password/],
    ["a misspelt option", { endpoints, pasword: "x" }, /know no "pasword"/],
    ["TLS without https", { endpoints: ["http://a"], tls: {} }, /every endpoint is http/],
    ["half a pair", { endpoints, tls: { cert: "c.pem" } }, /belong together/],
    ["a TLS option", { endpoints, tls: { caFile: "c.pem" } }, /know no "caFile"/],
    ["a user without password", { endpoints, user: "root" }, /either password or passwordFile/],
    ["a password without user", { endpoints, password: "x" }, /give user, too/],
    ["both passwords", { endpoints, user: "a", password: "x", passwordFile: "f" }, /either/],
    ["an empty user", { endpoints, user: "", password: "x" }, /user must be a text/],
    ["a line break", { endpoints, prefix: "a\nb" }, /prefix has control characters/],
    ["a long prefix", { endpoints, prefix: "a".repeat(257) }, /more than 256 bytes/],
  ])("%s", (_what, options, message) => {
    const error = failureOf(() => resolveOptions(options));
    expect(error).toMatchObject({ code: "INVALID_OPTIONS", applied: "no" });
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("secret");
  });
});

function failureOf(run: () => unknown): MandateError {
  try {
    run();
  } catch (error) {
    if (error instanceof MandateError) return error;
  }
  throw new Error("it was not refused");
}
