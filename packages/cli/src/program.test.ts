import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { local } from "@mandate/store-local";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testCommands } from "./commands.test-suite.ts";
import { commands } from "./commands.ts";
import { exitCodeMeanings } from "./exit-codes.ts";
import { mandate, startMandate } from "./program.test-support.ts";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mandate-cli-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const localUrl = (): string => `local:${folder}/store`;

testCommands({
  name: "on the local store",
  url: localUrl,
  description: () => local({ directory: `${folder}/store` }),
});

test("the program says its version, and helps with every command", async () => {
  expect(await mandate(["--version"])).toEqual({ exitCode: 0, stdout: "0.1.0\n", stderr: "" });
  const all = await mandate(["--help"]);
  expect(all).toMatchObject({ exitCode: 0, stderr: "" });
  for (const { name, summary } of commands) {
    expect(all.stdout).toContain(name);
    expect(all.stdout).toContain(summary);
  }
  expect((await mandate(["observe", "--help"])).stdout).toMatch(/^Usage: mandate observe NAME/);
});

test.for([
  [[], 2],
  [["stauts"], 2],
  [["status"], 2],
  [["status", "a", "--store", "redis://x"], 2],
  [["status", "a", "--store", "etcd://me:pw@x"], 2],
  [["status", "\u0007", "--store", "local:"], 2],
  [["transfer", "a"], 2],
  [["resign", "a", "--timeout", "soon"], 2],
  [["status", "a", "--term-floor", "x"], 2],
  [["demo", "--chaos", "fire"], 2],
  [["status", "a", "--store", "etcd://127.0.0.1:9"], 3],
] as const)("%j ends with exit code %d and says what to do", async ([args, exitCode]) => {
  const { exitCode: actual, stdout, stderr } = await mandate(args, { XDG_STATE_HOME: folder });
  expect({ actual, stdout }).toEqual({ actual: exitCode, stdout: "" });
  expect(stderr).not.toMatch(/^ +at /m);
  expect(stderr.length).toBeGreaterThan(20);
});

test("with --json an error is one JSON object, whatever is wrong", async () => {
  const failed = await mandate(["status", "a", "--store", "redis://x", "--json"]);
  expect(failed).toMatchObject({ exitCode: 2, stderr: "" });
  expect(JSON.parse(failed.stdout)).toMatchObject({ error: { code: "UNKNOWN_STORE" } });
  const misspelt = await mandate(["status", "--jsno", "--json"]);
  expect(JSON.parse(misspelt.stdout)).toMatchObject({ error: { code: "INVALID_OPTIONS" } });
});

test("colours come when they are forced, and else not where no terminal is", async () => {
  const args = ["status", "a", "--store", localUrl()];
  expect((await mandate(args)).stdout).not.toContain("\u001B");
  expect((await mandate(args, { FORCE_COLOR: "1" })).stdout).toContain("\u001B[33m");
});

test("a reader that goes away ends observe without a word", async () => {
  const { child, nextLine, result } = startMandate(["observe", "a", "--store", localUrl()]);
  expect(await nextLine()).toMatch(/nobody leads a \(0 candidates\)$/);
  child.stdout?.destroy();
  // Something to say, which nobody hears.
  await mandate(["pause", "a", "--store", localUrl()]);
  expect(await result()).toMatchObject({ exitCode: 0, stderr: "" });
});

test("an interruption ends a wait for a mute store at once, with the code of the signal", async () => {
  const mute = createServer((socket) => socket.on("error", () => undefined));
  mute.listen(0, "127.0.0.1");
  await once(mute, "listening");
  const address = mute.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const connected = once(mute, "connection");
  const { child, result } = startMandate(["status", "a", "--store", `etcd://127.0.0.1:${port}`]);
  await connected;
  const startMs = performance.now();
  child.kill("SIGTERM");
  expect(await result()).toEqual({ exitCode: 143, stdout: "", stderr: "" });
  expect(performance.now() - startMs).toBeLessThan(3_000);
  mute.close();
});

test("the README states the exit codes as the help does", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8").replaceAll("`", "");
  for (const [code, meaning] of exitCodeMeanings) {
    expect(readme).toContain(`| ${code} | ${meaning} |`);
  }
});
