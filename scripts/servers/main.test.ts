import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

import { afterEach, describe, expect, test } from "vitest";

import { haveServer } from "./programs.ts";
import { waitUntil } from "./wait-until.ts";

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

test("help goes to standard output", async () => {
  const { code, output } = await run(["--help"]);
  expect(code).toBe(0);
  expect(output).toContain("npm run servers -- --start NAME");
});

test.each([[[]], [["oracle"]], [["--start", "oracle"]], [["--nonsense"]]])(
  "the wrong command line %j ends with 2",
  async (args) => {
    expect((await run(args)).code).toBe(2);
  },
);

describe.skipIf(!(await haveServer("etcd")))("a started etcd", () => {
  test("ends with SIGINT, and leaves nothing behind", async () => {
    const { child, output } = await startUntilAddress("etcd");
    expect(output.trim().split(",")).toHaveLength(3);
    const folder = clusterFolder(output);
    expect(serversWith(folder)).toHaveLength(3);
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
    expect(serversWith(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  test("dies when its starter is killed, even where a member is stopped", async () => {
    const { child, output } = await startUntilAddress("etcd");
    const folder = clusterFolder(output);
    const servers = serversWith(folder);
    expect(servers).toHaveLength(3);
    process.kill(servers[0]?.pid ?? 0, "SIGSTOP");
    child.kill("SIGKILL");
    await waitUntil(() => serversWith(folder).length === 0, { what: "all members to be dead" });
    await waitUntil(() => !existsSync(folder), { what: "their data to be gone" });
  });
});

describe.skipIf(!(await haveServer("postgres")))("a started Postgres", () => {
  test("dies when its starter is killed", async () => {
    const { child, output } = await startUntilAddress("postgres");
    const { port } = new URL(output.trim());
    const [server] = serversWith(`port=${port}`);
    expect(server?.folder).toContain("mandate-postgres-");
    child.kill("SIGKILL");
    await waitUntil(() => serversWith(`port=${port}`).length === 0, { what: "it to be dead" });
    await waitUntil(() => !existsSync(server?.folder ?? "/"), { what: "its data to be gone" });
  });
});

interface Started {
  readonly child: ChildProcess;
  readonly output: string;
}

function startMain(args: readonly string[]): ChildProcess {
  const main = new URL("main.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  return child;
}

async function startUntilAddress(name: string): Promise<Started> {
  const child = startMain(["--start", name]);
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  await waitUntil(() => output.endsWith("\n"), { what: "the address", timeoutMs: 25_000 });
  return { child, output };
}

async function run(args: readonly string[]): Promise<{ code: unknown; output: string }> {
  const child = startMain(args);
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  const [code] = await once(child, "close");
  return { code, output };
}

interface RunningServer {
  readonly pid: number;
  readonly folder: string;
}

// The command line of a process that is dead, but not yet buried by its parent, is empty.
function serversWith(argument: string): readonly RunningServer[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), args: commandLineOf(name) }))
    .filter(({ args }) => args.some((arg) => arg.includes(argument)))
    .map(({ pid, args }) => ({ pid, folder: dataFolderOf(args) }))
    .filter(({ folder }) => folder !== "");
}

function commandLineOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // it has ended meanwhile
  }
}

function dataFolderOf(args: readonly string[]): string {
  const flag = args.find((arg) => arg.startsWith("--data-dir="));
  return flag?.slice("--data-dir=".length) ?? args[args.indexOf("-D") + 1] ?? "";
}

function clusterFolder(output: string): string {
  const [endpoint = ""] = output.trim().split(",");
  return dirname(serversWith(endpoint)[0]?.folder ?? "");
}
