import { expect, test } from "vitest";
import { painter, wantsColour } from "./colour.ts";

test.for([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [true, { TERM: "dumb" }, false],
  [false, { FORCE_COLOR: "1" }, true],
  [false, { FORCE_COLOR: "" }, true],
  [true, { FORCE_COLOR: "0" }, false],
  [false, { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
] as const)("terminal %s with %j has colours: %s", ([isTerminal, environment, expected]) => {
  expect(wantsColour({ isTerminal, environment })).toBe(expected);
});

test("a painter paints only where colours are wanted", () => {
  const paint = painter({ isTerminal: true, environment: {} });
  expect(paint("red", "x")).toBe("\u001B[31mx\u001B[39m");
  expect(painter({ isTerminal: false, environment: {} })("red", "x")).toBe("x");
});
