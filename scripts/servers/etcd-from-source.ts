import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { reportProgress } from "./progress.ts";
import { runCommand } from "./run-command.ts";

/** The release of etcd that counts as current; a newer one is tried by changing it here. */
export const currentEtcd = "3.7.3";

/**
 * Builds `etcd` and `etcdctl` into a folder, with the `go` on `PATH`. etcd's modules carry
 * `replace` directives, which `go install` refuses, so a module of our own calls their main
 * functions.
 */
export async function buildEtcd(folder: string): Promise<void> {
  // Below the folder, since whatever ends us midway, the cache clears that away.
  const work = await mkdtemp(join(folder, ".go-"));
  try {
    await writeFile(join(work, "go.mod"), "module servers\n\ngo 1.24\n");
    for (const [name, source] of Object.entries(mainFunctions)) {
      await mkdir(join(work, name));
      await writeFile(join(work, name, "main.go"), source);
    }
    reportProgress(`downloading the source of etcd ${currentEtcd}`);
    const modules = ["server", "etcdctl"].map(
      (name) => `go.etcd.io/etcd/${name}/v3@v${currentEtcd}`,
    );
    await go(work, ["get", ...modules]);
    reportProgress(`compiling etcd ${currentEtcd}: this takes one to several minutes`);
    await go(work, ["build", "-trimpath", "-o", "bin/", "./etcd", "./etcdctl"]);
    for (const name of Object.keys(mainFunctions)) {
      await rename(join(work, "bin", name), join(folder, name));
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const mainFunctions = {
  etcd: `package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
`,
  etcdctl: `package main

import "go.etcd.io/etcd/etcdctl/v3/ctlv3"

func main() { ctlv3.MustStart() }
`,
};

async function go(work: string, args: readonly string[]): Promise<void> {
  // The settings of a workspace or module that we happen to be called in must not apply to ours.
  const env = { GOWORK: "off", GO111MODULE: "on" };
  await runCommand({ program: "go", args, cwd: work, env, timeoutMs: 15 * 60_000 });
}
