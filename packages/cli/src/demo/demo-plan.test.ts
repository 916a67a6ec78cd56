import { expect, test } from "vitest";
import { parseDemoPlan } from "./demo-plan.ts";

test("without options a demo runs for 30 s on the local store", () => {
  expect(parseDemoPlan({})).toEqual({
    store: "local",
    chaos: undefined,
    everyMs: 5_000,
    forMs: 30_000,
    rps: 50,
  });
});

test("all can be set", () => {
  const values = { store: "etcd", chaos: "kill, cut", every: "4s", for: "1m", rps: "7.5" };
  expect(parseDemoPlan(values)).toEqual({
    store: "etcd",
    chaos: ["kill", "cut"],
    everyMs: 4_000,
    forMs: 60_000,
    rps: 7.5,
  });
  expect(parseDemoPlan({ chaos: "none" }).chaos).toEqual([]);
});

test.for([
  [{ chaos: "fire" }, /--chaos knows no "fire"/],
  [{ chaos: "" }, /--chaos knows no ""/],
  [{ rps: "0" }, /--rps is "0"/],
  [{ rps: "many" }, /--rps is "many"/],
  [{ rps: " " }, /--rps/],
  [{ for: "2h" }, /--for is "2h"/],
  [{ every: "1" }, /--every is "1"/],
] as const)("%j is refused", ([values, message]) => {
  expect(() => parseDemoPlan(values)).toThrow(message);
});
