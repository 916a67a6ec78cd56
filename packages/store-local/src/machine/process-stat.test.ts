import { readFile } from "node:fs/promises";

import { expect, test } from "vitest";

import { hasEnded, parseProcessStat } from "./process-stat.ts";

const tail = "1 2 2 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 11 0 813 1000 50 1844";

test("a program's name may look like the fields after it", () => {
  const stat = parseProcessStat(`42 (a) Z 1 (b) S ${tail}`);
  expect(stat).toEqual({ state: "S", threads: 11, startTime: "813" });
});

test("this process's own line has a start time and says that it runs", async () => {
  const stat = parseProcessStat(await readFile("/proc/self/stat", "utf8"));
  expect(stat).toMatchObject({ state: expect.stringMatching(/^[RSD]$/) });
  expect(Number(stat?.startTime)).toBeGreaterThan(0);
  expect(stat && hasEnded(stat)).toBe(false);
});

test("a text of another form is no line", () => {
  for (const text of ["", "42", "42 (node)", "42 (node) S 1 2 3"]) {
    expect(parseProcessStat(text)).toBeUndefined();
  }
});

test("a process has ended when its last thread has, not when its first has", () => {
  const ended = (state: string, threads: number): boolean =>
    hasEnded({ state, threads, startTime: "1" });
  expect(ended("Z", 1)).toBe(true);
  expect(ended("X", 0)).toBe(true);
  expect(ended("Z", 2)).toBe(false);
  expect(ended("T", 1)).toBe(false);
  expect(ended("D", 1)).toBe(false);
});
