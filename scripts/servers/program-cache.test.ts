import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { cacheFolder, fillCache } from "./program-cache.ts";
import { waitUntil } from "./wait-until.ts";

let base = "";

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "mandate-cache-test-"));
  vi.stubEnv("XDG_CACHE_HOME", base);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(base, { recursive: true });
});

test("a folder is filled once, and of two that want it at the same time one waits", async () => {
  let fills = 0;
  const fill = async (folder: string): Promise<void> => {
    fills += 1;
    await writeFile(join(folder, "program"), "first half, ");
    await waitUntil(() => existsSync(join(cacheFolder(), ".lock-tool")), { what: "the lock" });
    await writeFile(join(folder, "program"), "second half", { flag: "a" });
  };
  const [one, other] = await Promise.all([fillCache("tool", fill), fillCache("tool", fill)]);
  expect(one).toBe(other);
  expect(fills).toBe(1);
  expect(await readFile(join(one, "program"), "utf8")).toBe("first half, second half");
  expect(await fillCache("tool", fill)).toBe(one);
  expect(fills).toBe(1);
});

test("a failure leaves nothing behind, and the next try can succeed", async () => {
  const failing = fillCache("tool", async (folder) => {
    await writeFile(join(folder, "program"), "half");
    throw new Error("no network");
  });
  await expect(failing).rejects.toThrow("no network");
  expect(await readdir(cacheFolder())).toEqual([".lock-tool"]);
  const folder = await fillCache("tool", (partial) => writeFile(join(partial, "program"), "whole"));
  expect(await readdir(folder)).toEqual(["program"]);
});

test("a machine without flock is told so", async () => {
  vi.stubEnv("PATH", "/does/not/exist");
  await expect(fillCache("tool", async () => undefined)).rejects.toThrow("is flock");
});

test("a lock file that cannot be opened is told at once", async () => {
  await expect(fillCache("no/such/folder", async () => undefined)).rejects.toThrow("cannot lock");
});
