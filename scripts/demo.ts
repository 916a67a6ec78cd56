// The demo from the repository: gets etcd first where it is asked for, then runs the command.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

import { findEtcd } from "./servers/etcd-programs.ts";
import { MissingServerError } from "./servers/missing-server-error.ts";

const args = process.argv.slice(2);
process.exitCode = await main();

async function main(): Promise<number> {
  const environment = { ...process.env };
  if (wantsEtcd(args)) {
    try {
      environment["MANDATE_ETCD"] = (await findEtcd("stable")).etcd;
    } catch (error) {
      if (!(error instanceof MissingServerError)) throw error;
      process.stderr.write(`${error.message}\n`);
      return 1;
    }
  }
  const program = fileURLToPath(new URL("../packages/cli/dist/main.js", import.meta.url));
  const child = spawn(process.execPath, [program, "demo", ...args], {
    env: environment,
    stdio: "inherit",
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => child.kill(signal));
  }
  const [exitCode, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  return exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

function wantsEtcd(options: readonly string[]): boolean {
  return options.some((option, at) => {
    return option === "--store=etcd" || (option === "--store" && options[at + 1] === "etcd");
  });
}
