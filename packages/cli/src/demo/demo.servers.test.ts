import { expect, onTestFinished, test } from "vitest";

import { findServer, haveServer } from "../../../../scripts/servers/programs.ts";
import { mandate, startMandate } from "../program.test-support.ts";
import { watchRemains } from "./demo.test-support.ts";

test.skipIf(!(await haveServer("etcd")))(
  "on etcd, orders survive leaders that are killed, stopped and cut off",
  { timeout: 100_000 },
  async () => {
    const args = ["--store", "etcd", "--chaos", "kill,stop,cut", "--every", "2s", "--for", "80s"];
    const { program } = await findServer("etcd");
    const watch = watchRemains();
    onTestFinished(() => watch.remove());
    const run = startMandate(["demo", ...args, "--json"], {
      MANDATE_ETCD: program,
      TMPDIR: watch.folder,
    });
    await run.said(
      /SIGKILL to[^]*SIGSTOP to[^]*SIGCONT to[^]*is cut off[^]*reaches the store again/,
    );
    run.child.kill("SIGINT");
    const { exitCode, stdout } = await run.result();
    expect(watch.remains()).toEqual([]);
    const report = JSON.parse(stdout) as {
      readonly orders: { readonly accepted: number };
      readonly changes: readonly { readonly cause: string }[];
    };
    expect(report).toMatchObject({
      store: "etcd",
      orders: { duplicated: 0, lost: 0 },
      maxSimultaneousLeaders: 1,
      termsIncrease: true,
      problems: [],
    });
    expect(exitCode).toBe(0);
    expect(report.orders.accepted).toBeGreaterThan(100);
    const causes = report.changes.map(({ cause }) => cause);
    expect(causes).toEqual(expect.arrayContaining(["start", "kill", "stop", "cut"]));
  },
);

test("without the program of etcd the demo says where to get it", async () => {
  const failed = await mandate(["demo", "--store", "etcd"], { PATH: "/nowhere" });
  expect(failed).toMatchObject({ exitCode: 2, stdout: "" });
  expect(failed.stderr).toMatch(
    /no etcd on PATH: install it .* or name the program in MANDATE_ETCD/,
  );
});
