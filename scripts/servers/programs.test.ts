import { dirname } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { findEtcd } from "./etcd-programs.ts";
import { findPostgres } from "./postgres-programs.ts";

// `haveServer` remembers its answers, so each test imports it anew.
const programs = async (): Promise<typeof import("./programs.ts")> => {
  vi.resetModules();
  return await import("./programs.ts");
};

afterEach(() => vi.unstubAllEnvs());

const { haveServer } = await programs();

describe("a server that is missing", () => {
  beforeEach(() => {
    vi.stubEnv("MANDATE_ETCD", "/does/not/exist");
  });

  test("skips its tests, and says so once, with what to do", async () => {
    vi.stubEnv("CI", undefined);
    const { haveServer: ask } = await programs();
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    expect([await ask("etcd"), await ask("etcd")]).toEqual([false, false]);
    const lines = said.mock.calls.map(([text]) => String(text));
    said.mockRestore();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("SKIPPED: tests that need etcd");
    expect(lines[0]).toContain("correct MANDATE_ETCD");
  });

  test("fails its tests in CI", async () => {
    vi.stubEnv("CI", "true");
    const { haveServer: ask } = await programs();
    await expect(ask("etcd")).rejects.toThrow("there is no /does/not/exist");
  });
});

test("etcd that has to be compiled is not, unless asked for", async () => {
  vi.stubEnv("CI", undefined);
  vi.stubEnv("XDG_CACHE_HOME", "/does/not/exist");
  await expect(findEtcd("current")).rejects.toThrow("npm run servers -- etcd-current");
});

test.skipIf(!(await haveServer("etcd")))("etcd is found by a program or a folder", async () => {
  const found = await findEtcd("stable");
  vi.stubEnv("MANDATE_ETCD", found.etcd);
  expect(await findEtcd("stable")).toEqual(found);
  vi.stubEnv("MANDATE_ETCD", dirname(found.etcd));
  vi.stubEnv("MANDATE_ETCDCTL", found.etcdctl);
  expect(await findEtcd("stable")).toEqual(found);
});

test.skipIf(!(await haveServer("etcd")))("etcd is found on PATH", async () => {
  const found = await findEtcd("stable");
  vi.stubEnv("XDG_CACHE_HOME", "/does/not/exist");
  vi.stubEnv("PATH", dirname(found.etcd));
  expect(await findEtcd("stable")).toEqual(found);
});

test.skipIf(!(await haveServer("postgres")))("Postgres is found by its folder", async () => {
  const found = await findPostgres();
  vi.stubEnv("MANDATE_POSTGRES", dirname(found.postgres));
  expect((await findPostgres()).postgres).toBe(found.postgres);
  vi.stubEnv("MANDATE_POSTGRES", "/does/not/exist");
  await expect(findPostgres()).rejects.toThrow("correct MANDATE_POSTGRES");
});
