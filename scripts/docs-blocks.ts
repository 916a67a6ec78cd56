/** One fenced block of TypeScript in a Markdown file. */
export type DocsBlock = {
  readonly file: string;
  /** Line of the block's first line of code, counted from 1. */
  readonly line: number;
  readonly code: string;
  /** `check`: type-checked; `run`: executed as well; `ignore`: neither, for a stated reason. */
  readonly mode: "check" | "run" | "ignore";
};

/**
 * Finds the blocks that are marked `ts`, `ts run` or `ts ignore REASON`.
 *
 * @throws Error that names file and line, for an unknown mark, a missing reason or an open fence.
 */
export function docsBlocks(file: string, markdown: string): readonly DocsBlock[] {
  const blocks: DocsBlock[] = [];
  let open: Fence | undefined;
  for (const [index, text] of markdown.split("\n").entries()) {
    const [, indent = "", ticks, info = ""] = /^(\s*)(`{3,})\s*([^`]*)$/.exec(text) ?? [];
    if (open === undefined) {
      if (ticks !== undefined)
        open = { indent, ticks, info: info.trim(), line: index + 2, code: [] };
    } else if (ticks !== undefined && ticks.length >= open.ticks.length && info === "") {
      const mode = modeOf(file, open);
      if (mode !== undefined) {
        blocks.push({ file, line: open.line, code: `${open.code.join("\n")}\n`, mode });
      }
      open = undefined;
    } else {
      open.code.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text);
    }
  }
  if (open !== undefined)
    throw new Error(`${file}:${open.line - 1} opens a fence and never ends it`);
  return blocks;
}

type Fence = {
  readonly indent: string;
  readonly ticks: string;
  readonly info: string;
  readonly line: number;
  readonly code: string[];
};

function modeOf(file: string, { info, line }: Fence): DocsBlock["mode"] | undefined {
  const [language, mark, ...reason] = info.split(/\s+/);
  if (language !== "ts" && language !== "typescript") return undefined;
  if (mark === undefined) return "check";
  if (mark === "run" && reason.length === 0) return "run";
  if (mark === "ignore" && reason.length > 0) return "ignore";
  throw new Error(`${file}:${line - 1} is marked "${info}": use ts, ts run or ts ignore REASON`);
}
