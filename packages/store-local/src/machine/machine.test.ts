import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";

import { expect, onTestFinished, test, vi } from "vitest";

import type { Machine, ProcessIdentity } from "./machine.ts";
import { thisMachine } from "./machine.ts";
import { parseProcessStat } from "./process-stat.ts";

test("a process that runs or is stopped is not gone, one that was killed is", async () => {
  const machine = await thisMachine();
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const identity = await identify(machine, child.pid);
  expect(await machine.isGone(identity)).toBe(false);
  child.kill("SIGSTOP");
  await vi.waitFor(async () => expect((await statOf(identity.pid))?.state).toBe("T"));
  expect(await machine.isGone(identity)).toBe(false);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await machine.isGone(identity)).toBe(true);
});

test("a killed process is gone even if its parent leaves it there", async () => {
  const machine = await thisMachine();
  // The shell becomes a program that never asks for its children.
  const parent = spawn("sh", ["-c", "sleep 1000 & echo $!; exec sleep 1000"]);
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const identity = await identify(machine, Number(line.toString()));
  process.kill(identity.pid, "SIGKILL");
  await vi.waitFor(async () => expect((await statOf(identity.pid))?.state).toBe("Z"));
  expect(await machine.isGone(identity)).toBe(true);
});

test("a process that has the pid of an earlier one is not that one", async () => {
  const machine = await thisMachine();
  expect(await machine.isGone(machine.self)).toBe(false);
  expect(await machine.isGone({ ...machine.self, startTime: "1" })).toBe(true);
});

test("its clock is the one that all processes share", async () => {
  const machine = await thisMachine();
  const script = "process.stdout.write(String(process.hrtime.bigint() / 1000n))";
  const before = machine.nowUs();
  const child = spawn(process.execPath, ["-e", script]);
  const [text] = (await once(child.stdout, "data")) as [Buffer];
  expect(Number(text.toString())).toBeGreaterThan(before);
  expect(Number(text.toString())).toBeLessThan(machine.nowUs());
});

test("on another system the store says that it cannot work", async () => {
  const { platform } = process;
  onTestFinished(() => void Object.defineProperty(process, "platform", { value: platform }));
  Object.defineProperty(process, "platform", { value: "darwin" });
  await expect(thisMachine()).rejects.toMatchObject({
    code: "STORE_UNSUITABLE",
    message: expect.stringMatching(/needs Linux.*darwin.*use another store/),
  });
});

async function identify(machine: Machine, pid = 0): Promise<ProcessIdentity> {
  const stat = await statOf(pid);
  return { ...machine.self, pid, startTime: stat?.startTime ?? "" };
}

async function statOf(pid: number): Promise<ReturnType<typeof parseProcessStat>> {
  return parseProcessStat(await readFile(`/proc/${pid}/stat`, "utf8"));
}
