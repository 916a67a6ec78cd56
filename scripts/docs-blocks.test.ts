import { expect, test } from "vitest";

import { docsBlocks } from "./docs-blocks.ts";

test("finds blocks of TypeScript with the line of their code", () => {
  const markdown =
    "# Title\n\n```ts\nconst a = 1;\n```\n\n```ts run\nawait 1;\n```\n```sh\nls\n```\n";
  expect(docsBlocks("a.md", markdown)).toEqual([
    { file: "a.md", line: 4, code: "const a = 1;\n", mode: "check" },
    { file: "a.md", line: 8, code: "await 1;\n", mode: "run" },
  ]);
});

test("removes the indentation of a block in a list", () => {
  const [block] = docsBlocks("a.md", "- item\n  ```ts\n  if (true) {\n    f();\n  }\n  ```\n");
  expect(block?.code).toBe("if (true) {\n  f();\n}\n");
});

test("takes a fence inside a longer fence as text", () => {
  expect(docsBlocks("a.md", "````md\n```ts\nlet a;\n```\n````\n")).toEqual([]);
});

test("wants a reason for what is ignored", () => {
  expect(docsBlocks("a.md", "```ts ignore shape only\n…\n```\n")[0]?.mode).toBe("ignore");
  expect(() => docsBlocks("a.md", "\n```ts ignore\n…\n```\n")).toThrow(
    'a.md:2 is marked "ts ignore"',
  );
});

test("refuses a mark it does not know and a fence that stays open", () => {
  expect(() => docsBlocks("a.md", "```ts go\n```\n")).toThrow('a.md:1 is marked "ts go"');
  expect(() => docsBlocks("a.md", "```ts\nlet a;\n")).toThrow("a.md:1 opens a fence");
});
