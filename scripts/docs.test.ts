import { spawnSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, test } from "vitest";

import { docsBlocks } from "./docs-blocks.ts";
import { makeTempFolder } from "./temp-folder.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const files = globSync(["README.md", "docs/**/*.md", "packages/*/README.md"], { cwd: root });
const blocks = files
  .toSorted()
  .flatMap((file) => docsBlocks(file, readFileSync(join(root, file), "utf8")))
  .filter((block) => block.mode !== "ignore");

const temp = makeTempFolder();
const sources = blocks.map((block, index) => ({
  block,
  source: join(temp.folder, `block-${index}.ts`),
}));

beforeAll(() => {
  // Empty lines before the code make its line numbers those of the Markdown file.
  for (const { block, source } of sources) {
    writeFileSync(source, `${"\n".repeat(block.line - 1)}${block.code}export {};\n`);
  }
});

afterAll(() => {
  temp.remove();
});

test("every block of TypeScript in the docs passes the compiler", () => {
  expect(blocks.length, "blocks found in the docs").toBeGreaterThan(0);
  const config = {
    extends: "../../tsconfig.json",
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ["*.ts"],
    exclude: [],
  };
  writeFileSync(join(temp.folder, "tsconfig.json"), JSON.stringify(config));
  const result = run([join(root, "node_modules/typescript/bin/tsc"), "-p", temp.folder]);
  expect(withPlaces(result.stdout + result.stderr), "errors in the docs").toBe("");
  expect(result.status).toBe(0);
});

// Node.js 22 has no `await using`, which the docs may show: there the compiler's word has to do.
const runs = Number(process.versions.node.split(".")[0]) >= 24;
for (const { block, source } of sources.filter(({ block: { mode } }) => mode === "run")) {
  test.runIf(runs)(`the block at ${block.file}:${block.line} runs`, () => {
    const result = run(["--conditions=mandate-source", source]);
    expect(result.status, withPlaces(result.stdout + result.stderr)).toBe(0);
  });
}

function run(args: readonly string[]) {
  const options = { cwd: root, encoding: "utf8", timeout: 25_000 } as const;
  const result = spawnSync(process.execPath, args, options);
  if (result.error !== undefined) throw result.error;
  return result;
}

/** Names the place in the docs instead of the file that was made from it. */
function withPlaces(output: string): string {
  return output.replaceAll(
    /\S*(block-\d+\.ts)[(:](\d+)[,:](\d+)\)?/g,
    (match, name: string, line: string, column: string) => {
      const made = sources.find(({ source }) => basename(source) === name);
      return made === undefined ? match : `${made.block.file}:${line}:${column}`;
    },
  );
}
