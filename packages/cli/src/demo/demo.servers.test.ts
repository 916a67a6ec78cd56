import { expect, test } from "vitest";

import { findServer, haveServer } from "../../../../scripts/servers/programs.ts";
import { mandate } from "../program.test-support.ts";

test.skipIf(!(await haveServer("etcd")))(
  "on etcd, orders survive leaders that are killed, stopped and cut off",
  { timeout: 90_000 },
  async () => {
    const args = ["--store", "etcd", "--chaos", "kill,stop,cut", "--every", "3s", "--for", "11s"];
    const { program } = await findServer("etcd");
    const { exitCode, stdout } = await mandate(["demo", ...args, "--json"], {
      MANDATE_ETCD: program,
    });
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
