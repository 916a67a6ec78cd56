import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MandateError } from "@mandate/election";
import { afterEach, expect, test } from "vitest";
import { FLOOD } from "./fixtures/odd-store.test-support.ts";
import type { ProcessStore } from "./process-boundary.ts";
import { acrossProcess } from "./process-boundary.ts";

const module = new URL("fixtures/odd-store.test-support.ts", import.meta.url).href;
const opened: ProcessStore[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

const open = async (options?: string): Promise<ProcessStore> => {
  const store = await acrossProcess({ module, options });
  opened.push(store);
  return store;
};
const never = (): { readonly signal: AbortSignal } => ({ signal: new AbortController().signal });

test("an error keeps its code, what was applied, and the text of its cause", async () => {
  for (const error of await failuresOf("coded")) {
    expect(error).toBeInstanceOf(MandateError);
    expect(error).toMatchObject({ message: "it is coded", code: "CONFLICT", applied: "no" });
    expect((error as MandateError).cause).toContain("Error: the root of it");
  }
});

test("an error that is not ours keeps its message, its stack becomes the cause", async () => {
  for (const error of await failuresOf("uncoded")) {
    expect(error).not.toBeInstanceOf(MandateError);
    expect(error).toMatchObject({ message: "a bug in the store" });
    expect((error as Error).cause).toContain("odd-store");
  }
});

test("a module that cannot be loaded, or opens no store, is refused", async () => {
  const absent = acrossProcess({ module: `${module}x`, options: undefined });
  await expect(absent).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
  const useless = new URL("wire.ts", import.meta.url).href;
  const opening = acrossProcess({ module: useless, options: undefined });
  await expect(opening).rejects.toThrow("must export a function openStore");
});

test("a child that ends while it opens the store is told of by its exit code", async () => {
  await expect(open("crash")).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: expect.stringContaining("exit code 7"),
  });
});

test("a start that is aborted rejects with the reason", async () => {
  const reason = new Error("nobody waits any more");
  const controller = new AbortController();
  const opening = acrossProcess({ module, options: "slow" }, { signal: controller.signal });
  controller.abort(reason);
  await expect(opening).rejects.toBe(reason);
  const aborted = acrossProcess({ module, options: "slow" }, { signal: controller.signal });
  await expect(aborted).rejects.toBe(reason);
});

test("an abort reaches the store in the child", async () => {
  const store = await open();
  const controller = new AbortController();
  const reason = new Error("nobody waits any more");
  const reading = store.read("mute", { signal: controller.signal });
  controller.abort(reason);
  await expect(reading).rejects.toBe(reason);
  // Messages keep their order, so that the abort was there before this read.
  expect((await store.read("aborts", never())).revision).toBe(1n);
});

test("a call in flight when the child is killed may have had effect, a later one not", async () => {
  const store = await open();
  const reading = store.read("mute", never());
  await Promise.all([
    expect(reading).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", applied: "unknown" }),
    store.kill(),
  ]);
  const later = store.read("mute", never());
  await expect(later).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", applied: "no" });
});

test("a call in flight fails with CLOSED when the store is closed", async () => {
  const store = await open();
  const reading = store.read("mute", never());
  await Promise.all([
    expect(reading).rejects.toMatchObject({ code: "CLOSED", applied: "unknown" }),
    store.close(),
  ]);
});

test("a watch that floods a slow consumer keeps the latest snapshot alone", async () => {
  const store = await open();
  const seen: bigint[] = [];
  for await (const { revision } of store.watch("flood", never())) {
    seen.push(revision);
    if (revision === BigInt(FLOOD)) break;
  }
  expect(seen.toSorted((a, b) => Number(a - b))).toEqual(seen);
  expect(seen.length).toBeLessThan(FLOOD / 10);
});

test("closing ends the child, also one that is stopped", async () => {
  const [closed, stopped] = [await open(), await open()];
  process.kill(pidOf(stopped), "SIGSTOP");
  await Promise.all([closed.close(), stopped.close().catch(() => {})]);
  expect(isRunning(pidOf(closed))).toBe(false);
  expect(isRunning(pidOf(stopped))).toBe(false);
});

test("the child ends when its parent is killed", async () => {
  const program = fileURLToPath(new URL("fixtures/parent.test-support.ts", import.meta.url));
  const parent = fork(program, { execArgv: ["--conditions=mandate-source"] });
  const [pid] = (await once(parent, "message")) as [number];
  expect(isRunning(pid)).toBe(true);
  parent.kill("SIGKILL");
  await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
});

/** What opening the store rejects with, and what a call does. */
async function failuresOf(election: string): Promise<readonly unknown[]> {
  const store = await open();
  const failure = (reason: unknown): unknown => reason;
  const opening = await open(election).catch(failure);
  const reading = await store.read(election, never()).catch(failure);
  return [opening, reading];
}

function pidOf(store: ProcessStore): number {
  return store.pid ?? Number.NaN;
}

/** A zombie runs no more; nobody may have waited for it yet. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    // There is no such process.
    return false;
  }
}
