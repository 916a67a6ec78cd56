import { describe, expect, test } from "vitest";

import { parseEtcdUrl } from "./parse-etcd-url.ts";

test("hosts, ports and prefix are read; the port is 2379 when left out", () => {
  expect(parseEtcdUrl("etcd://10.0.0.1:2379,etcd-2,[::1]:80/services/")).toEqual({
    endpoints: ["http://10.0.0.1:2379", "http://etcd-2:2379", "http://[::1]:80"],
    prefix: "services/",
  });
});

test("no prefix is one that is not given, and a second slash belongs to it", () => {
  expect(parseEtcdUrl("etcd://a:1")).toEqual({ endpoints: ["http://a:1"] });
  expect(parseEtcdUrl("etcd://a:1/")).toEqual({ endpoints: ["http://a:1"] });
  expect(parseEtcdUrl("etcd://a:1//services")).toMatchObject({ prefix: "/services" });
  expect(parseEtcdUrl("etcd://a:1/a%20b%C3%BC")).toMatchObject({ prefix: "a bü" });
});

test("etcds means TLS, with certificates from the environment", () => {
  const environment = {
    MANDATE_ETCD_CA: "/ca.pem",
    MANDATE_ETCD_CERT: "/cert.pem",
    MANDATE_ETCD_KEY: "/key.pem",
    MANDATE_ETCD_SERVER_NAME: "etcd.example",
  };
  expect(parseEtcdUrl("etcds://a:1", { environment })).toEqual({
    endpoints: ["https://a:1"],
    tls: { ca: "/ca.pem", cert: "/cert.pem", key: "/key.pem", serverName: "etcd.example" },
  });
  expect(parseEtcdUrl("etcd://a:1", { environment })).toEqual({ endpoints: ["http://a:1"] });
});

test("user and password come from the environment", () => {
  const environment = { MANDATE_ETCD_USER: "root", MANDATE_ETCD_PASSWORD_FILE: "/password" };
  expect(parseEtcdUrl("etcd://a:1", { environment })).toEqual({
    endpoints: ["http://a:1"],
    user: "root",
    passwordFile: "/password",
  });
});

describe("a URL that cannot be used is refused with what to change", () => {
  test.each([
    ["http://a:1", /not of the form/],
    ["etcd:a", /not of the form/],
    ["etcd://", /not of the form/],
    ["etcd:///prefix", /not of the form/],
    ["etcd://a?tls=1", /not of the form/],
    ["etcd://a,", /no HOST:PORT/],
    ["etcd://a:b", /no HOST:PORT/],
    ["etcd://::1", /into brackets/],
    ["etcd://a:0", /is not of the form/],
    ["etcd://root:secret@a", /environment variables MANDATE_ETCD_USER/],
    ["etcd://a/%", /write it as %25/],
    ["etcd://a/x%00", /prefix has control characters/],
  ])("%s", (url, message) => {
    expect(() => parseEtcdUrl(url)).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTIONS",
        message: expect.stringMatching(message) as unknown,
      }),
    );
    expect(() => parseEtcdUrl(url)).not.toThrow(/secret/);
  });
});
