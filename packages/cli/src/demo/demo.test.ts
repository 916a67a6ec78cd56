import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mandate, type ProgramRun, startMandate } from "../program.test-support.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mandate-demo-test-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("orders survive a killed and a stopped leader, and nothing is left behind", async () => {
  const args = ["demo", "--chaos", "kill,cut,stop", "--every", "2s", "--for", "7s", "--json"];
  const { exitCode, stdout, stderr } = await mandate(args, { TMPDIR: folder });
  expect(stderr).toMatch(/no cut: there is no network to the local store/);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  const report = JSON.parse(stdout) as Report;
  expect(report).toMatchObject({
    store: "local",
    orders: { duplicated: 0, lost: 0 },
    maxSimultaneousLeaders: 1,
    termsIncrease: true,
    problems: [],
  });
  expect(exitCode).toBe(0);
  expect(report.orders.accepted).toBeGreaterThan(100);
  const causes = report.changes.map(({ cause }) => cause);
  expect(causes).toEqual(expect.arrayContaining(["start", "kill", "stop"]));
  expect(report.staleWritesRefused).toBeGreaterThan(0);
  expect(remains()).toEqual([]);
});

test("Ctrl-C while a leader is stopped ends everything, with the report", async () => {
  const args = ["demo", "--chaos", "stop", "--every", "1s", "--for", "60s"];
  const run = startMandate(args, { TMPDIR: folder });
  await untilLine(run, /SIGSTOP to/);
  run.child.kill("SIGINT");
  const { exitCode, stdout, stderr } = await run.result();
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toMatch(/^Orders +\d+ accepted, \d+ refused, 0 written twice, 0 lost$/m);
  expect(stdout).toMatch(/^All is well/m);
  expect(remains()).toEqual([]);
});

test("nothing survives a demo that is killed, not even a stopped leader", async () => {
  const args = ["demo", "--chaos", "stop", "--every", "1s", "--for", "60s"];
  const run = startMandate(args, { TMPDIR: folder });
  await untilLine(run, /SIGSTOP to/);
  expect(processes().length).toBeGreaterThan(3);
  run.child.kill("SIGKILL");
  await run.result();
  await expect.poll(remains, { timeout: 15_000 }).toEqual([]);
});

test("a second demo on one store is refused, and harms the first one in nothing", async () => {
  const args = ["demo", "--store", `local:${folder}/shared`, "--chaos", "none", "--for", "60s"];
  const first = startMandate(args, { TMPDIR: folder });
  await untilLine(first, /^From another terminal/);
  const second = await mandate(args, { TMPDIR: folder });
  expect(second).toMatchObject({ exitCode: 2, stdout: "" });
  expect(second.stderr).toMatch(/another demo runs on it/);
  first.child.kill("SIGTERM");
  const { exitCode, stdout } = await first.result();
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^All is well/m);
});

interface Report {
  readonly orders: { readonly accepted: number };
  readonly changes: readonly { readonly cause: string }[];
  readonly staleWritesRefused: number;
}

async function untilLine({ nextLine, result }: ProgramRun, pattern: RegExp): Promise<void> {
  for (let line = await nextLine(); line !== undefined; line = await nextLine()) {
    if (pattern.test(line)) return;
  }
  throw new Error(`it ended without ${String(pattern)}: ${JSON.stringify(await result())}`);
}

/** What is left of the demo: its folders and its processes. */
function remains(): readonly string[] {
  return [...readdirSync(folder), ...processes()];
}

function processes(): readonly string[] {
  return readdirSync("/proc").filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      return readFileSync(`/proc/${entry}/environ`, "utf8").includes(
        `MANDATE_DEMO_FOLDER=${folder}/`,
      );
    } catch {
      return false; // it ended meanwhile, or is none of ours
    }
  });
}
