import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { makeTempFolder } from "./temp-folder.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

test("a run ends with one plain line of counts, and with 1 where something failed", () => {
  const { folder, remove } = makeTempFolder();
  try {
    const tests = 'import { test } from "vitest"; test("a", () => {}); test.skip("b", () => {});';
    mkdirSync(join(folder, "tests"));
    writeFileSync(join(folder, "tests/passes.test.ts"), tests);
    expect(runVitest(folder)).toEqual({ status: 0, last: "1 passed, 0 failed, 1 skipped" });

    const failing = 'import { test } from "vitest"; test("c", () => { throw new Error("c"); });';
    writeFileSync(join(folder, "tests/fails.test.ts"), failing);
    writeFileSync(join(folder, "tests/does-not-load.test.ts"), 'throw new Error("load");');
    expect(runVitest(folder)).toEqual({ status: 1, last: "1 passed, 2 failed, 1 skipped" });
  } finally {
    remove();
  }
});

function runVitest(folder: string): { readonly status: number | null; readonly last: unknown } {
  const reporter = join(root, "scripts/counts-reporter.ts");
  const config = `import { CountsReporter } from ${JSON.stringify(reporter)};
    export default { test: { reporters: ["default", new CountsReporter()] } };`;
  writeFileSync(join(folder, "vitest.config.ts"), config);
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { status, stdout } = spawnSync(process.execPath, [vitest, "run", "--root", folder], {
    encoding: "utf8",
    timeout: 25_000,
  });
  return { status, last: stdout.trimEnd().split("\n").at(-1) };
}
