// Everything but the tests, cheap first. A step prints its output only when it fails. A failing
// build ends the run, because later steps read what it made.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

type Step = { readonly name: string; readonly commands: readonly string[] };

const published = readdirSync("packages").filter((name) => !isPrivate(`packages/${name}`));

const steps: readonly Step[] = [
  { name: "format", commands: ["oxfmt --check ."] },
  { name: "line length", commands: ["node scripts/line-length.ts"] },
  { name: "build", commands: ["npm run -s build"] },
  { name: "types of tests and scripts", commands: ["tsc -p tsconfig.json"] },
  { name: "lint", commands: ["npm run -s lint"] },
  { name: "unused code", commands: ["knip --no-progress"] },
  { name: "API reports", commands: ["node scripts/api-reports.ts"] },
  {
    name: "shape of packages",
    commands: published.flatMap((name) => [
      `publint --strict packages/${name}`,
      `attw --pack packages/${name} --profile esm-only --no-emoji`,
    ]),
  },
];

const startMs = performance.now();
const failed: string[] = [];
for (const { commands, name } of steps) {
  const stepStartMs = performance.now();
  const output = firstFailure(commands);
  if (output !== undefined) failed.push(name);
  const verdict = output === undefined ? "ok    " : `${output}\nfailed`;
  process.stdout.write(`${verdict}  ${name}  ${seconds(stepStartMs)}\n`);
  if (output !== undefined && name === "build") break;
}
const verdict = failed.length === 0 ? "ok    " : `failed: ${failed.join(", ")}`;
process.stdout.write(`${verdict}  all checks  ${seconds(startMs)}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

function firstFailure(commands: readonly string[]): string | undefined {
  for (const command of commands) {
    const { error, status, stderr, stdout } = spawnSync(command, { encoding: "utf8", shell: true });
    if (error !== undefined) throw error;
    if (status !== 0) return `$ ${command}\n${stdout}${stderr}`;
  }
  return undefined;
}

function isPrivate(folder: string): boolean {
  const manifest: unknown = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  return typeof manifest === "object" && manifest !== null && "private" in manifest;
}

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}
