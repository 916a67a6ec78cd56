import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { beforeAll, expect, test } from "vitest";

import { makeTempFolder } from "./temp-folder.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const anywhere = "packages/testing/src";
const core = "packages/election/src";

// An upgrade of the linter can lose a rule without a word: each of these must stay an error.
const planted = [
  ["no-floating-promises", anywhere, "async function f() {}\nf();"],
  ["no-misused-promises", anywhere, "[1].forEach(async () => { await 1; });"],
  ["only-throw-error", anywhere, "export function f() {\n  throw 1;\n}"],
  ["no-explicit-any", anywhere, "export const a: any = 1;"],
  ["no-non-null-assertion", anywhere, "export const a = [1].at(0)!;"],
  ["no-default-export", anywhere, "export default 1;"],
  ["no-cycle", anywhere, 'export { a as b } from "./cycle.ts";'],
  ["no-restricted-imports", anywhere, 'export { a } from "../../election/src/clock.ts";'],
  ["max-lines", anywhere, "export const a = 1;\n".concat("a;\n".repeat(300))],
  ["max-lines-per-function", anywhere, `export function f() {\n${"f();\n".repeat(70)}}`],
  ["no-restricted-globals", core, "export const a = new Date();"],
  ["no-restricted-globals", core, "setTimeout(() => {}, 1);"],
  ["no-restricted-properties", core, "export const a = Math.random();"],
  ["no-restricted-properties", core, "export const a = process.env;"],
  ["no-restricted-properties", core, "export const a = AbortSignal.timeout(1);"],
  ["no-restricted-imports", core, 'export { setTimeout } from "node:timers/promises";'],
] as const;
const cases = planted.map(([rule, folder, code], index) => ({
  code,
  file: `${folder}/planted-${index}.ts`,
  rule,
}));
const clock = `${core}/system-clock.ts`;

let output = "";

beforeAll(() => {
  const { folder, remove } = makeTempFolder();
  try {
    copyFileSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
    const config = { extends: "../../tsconfig.json", include: ["packages"], exclude: [] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    mkdirSync(join(folder, anywhere), { recursive: true });
    mkdirSync(join(folder, core), { recursive: true });
    for (const { code, file } of cases) writeFileSync(join(folder, file), code);
    const cycle = cases.findIndex(({ rule }) => rule === "no-cycle");
    writeFileSync(
      join(folder, anywhere, "cycle.ts"),
      `export { b } from "./planted-${cycle}.ts";\nexport const a = 1;\n`,
    );
    writeFileSync(join(folder, clock), "export const a = Date.now();\n");
    output = lint(folder);
  } finally {
    remove();
  }
});

for (const { code, file, rule } of cases) {
  test(`${rule} is an error in ${file}: ${code.split("\n", 1)[0] ?? ""}`, () => {
    expect(findings(file)).toContain(`(${rule})`);
  });
}

test("time may be read where it is made for injection", () => {
  expect(output).not.toBe("");
  expect(findings(clock)).toBe("");
});

function lint(folder: string): string {
  const program = join(root, "node_modules/oxlint/bin/oxlint");
  // Named one by one, because the temporary folder itself is ignored.
  const args = [program, "--format=unix", clock, ...cases.map(({ file }) => file)];
  const options = { cwd: folder, encoding: "utf8", timeout: 25_000 } as const;
  const { error, stdout } = spawnSync(process.execPath, args, options);
  if (error !== undefined) throw error;
  return stdout;
}

function findings(file: string): string {
  const lines = output.split("\n").filter((line) => line.includes(`${file}:`));
  return lines.join("\n");
}
