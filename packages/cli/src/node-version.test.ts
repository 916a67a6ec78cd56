import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { nodeVersionFault } from "./node-version.ts";

test.for(["22.19.0", "22.20.1", "24.0.0", "25.1.0"])("Node.js %s will do", (version) => {
  expect(nodeVersionFault(version)).toBeUndefined();
});

test.for(["18.20.4", "20.20.2", "22.18.9"])("Node.js %s is refused, with what to do", (version) => {
  expect(nodeVersionFault(version)).toMatch(/needs Node.js 22.19 or newer.*install/);
});

test("the version asked for is that of package.json", () => {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  );
  expect(manifest).toMatchObject({ engines: { node: ">=22.19" } });
});
