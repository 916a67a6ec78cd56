import { afterEach, beforeEach, expect, test } from "vitest";
import { mandate, startMandate } from "../program.test-support.ts";
import { type DemoRemains, watchRemains } from "./demo.test-support.ts";

// What takes seconds on an idle machine takes much longer on a busy one.
const timeout = 100_000;
let watch: DemoRemains;

beforeEach(() => {
  watch = watchRemains();
});

afterEach(() => {
  watch.remove();
});

test(
  "orders survive a killed and a stopped leader, and nothing is left behind",
  { timeout },
  async () => {
    const args = ["demo", "--chaos", "kill,cut,stop", "--every", "1s", "--for", "80s", "--json"];
    const run = startMandate(args, { TMPDIR: watch.folder });
    await run.said(/SIGKILL to[^]*orders are accepted again[^]*SIGSTOP to[^]*SIGCONT to/);
    // Not with each stop: a leader may have written all that it had by then.
    await run.said(/the ledger refuses late writes of term/);
    run.child.kill("SIGINT");
    const { exitCode, stdout, stderr } = await run.result();
    expect(stderr).toMatch(/cut is left out: no network leads to the local store/);
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
    expect(watch.remains()).toEqual([]);
  },
);

test("Ctrl-C while a leader is stopped ends everything, with the report", { timeout }, async () => {
  const args = ["demo", "--chaos", "stop", "--every", "1s", "--for", "60s"];
  const run = startMandate(args, { TMPDIR: watch.folder });
  await run.said(/SIGSTOP to/);
  run.child.kill("SIGINT");
  const { exitCode, stdout, stderr } = await run.result();
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toMatch(/^Orders +\d+ accepted, \d+ refused, 0 written twice, 0 lost$/m);
  expect(stdout).toMatch(/^All is well/m);
  expect(watch.remains()).toEqual([]);
});

test("nothing survives a demo that is killed, not even a stopped leader", { timeout }, async () => {
  const args = ["demo", "--chaos", "stop", "--every", "1s", "--for", "60s"];
  const run = startMandate(args, { TMPDIR: watch.folder });
  await run.said(/SIGSTOP to/);
  expect(watch.processes().length).toBeGreaterThan(3);
  run.child.kill("SIGKILL");
  await run.result();
  await expect.poll(() => watch.remains(), { timeout: 15_000 }).toEqual([]);
});

test(
  "a second demo on one store is refused, and harms the first one in nothing",
  { timeout },
  async () => {
    const args = [
      "demo",
      "--store",
      `local:${watch.folder}/shared`,
      "--chaos",
      "none",
      "--for",
      "60s",
    ];
    const first = startMandate(args, { TMPDIR: watch.folder });
    await first.said(/From another terminal/);
    const second = await mandate(args, { TMPDIR: watch.folder });
    expect(second).toMatchObject({ exitCode: 2, stdout: "" });
    expect(second.stderr).toMatch(/another demo runs on it/);
    first.child.kill("SIGTERM");
    const { exitCode, stdout } = await first.result();
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^All is well/m);
  },
);

test("a hand-over and a resignation by hand show in the report", { timeout }, async () => {
  const store = `local:${watch.folder}/shared`;
  const args = ["demo", "--store", store, "--chaos", "none", "--for", "80s", "--json"];
  const run = startMandate(args, { TMPDIR: watch.folder });
  await run.said(/is elected[^]*From another terminal/);
  const operate = (...words: readonly string[]) => mandate([...words, "--store", store]);
  for (const to of ["dublin", "virginia"]) {
    expect(await operate("transfer", "mandate-demo", "--to", to)).toMatchObject({ exitCode: 0 });
  }
  await run.said(/virginia takes orders in term/);
  expect(await operate("resign", "mandate-demo")).toMatchObject({ exitCode: 0 });
  await run.said(/virginia ends term \d+: resigned[^]*takes orders in term/);
  run.child.kill("SIGINT");
  const { exitCode, stdout } = await run.result();
  expect(exitCode).toBe(0);
  const { changes, maxSimultaneousLeaders } = JSON.parse(stdout) as Report;
  expect(maxSimultaneousLeaders).toBe(1);
  const causes = changes.map(({ cause }) => cause);
  expect(causes).toEqual(expect.arrayContaining(["start", "transfer", "resign"]));
});

interface Report {
  readonly orders: { readonly accepted: number };
  readonly changes: readonly { readonly cause: string }[];
  readonly maxSimultaneousLeaders: number;
  readonly staleWritesRefused: number;
}
