import { expect, test } from "vitest";

import { defaultDirectory } from "./default-directory.ts";

test("the default folder is below the user's folder for state", () => {
  expect(defaultDirectory({ XDG_STATE_HOME: "/state" }, "/home/u")).toBe("/state/mandate/local");
  expect(defaultDirectory({}, "/home/u")).toBe("/home/u/.local/state/mandate/local");
});

test("an empty or relative folder for state counts as none", () => {
  for (const XDG_STATE_HOME of ["", "state"]) {
    expect(defaultDirectory({ XDG_STATE_HOME }, "/h")).toBe("/h/.local/state/mandate/local");
  }
});
