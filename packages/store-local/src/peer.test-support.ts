import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { onTestFinished } from "vitest";

/** A process that stands or watches, see `peer.test-program.ts`. */
export interface Peer {
  readonly process: ChildProcess;
  /** What it prints next. Rejects when it ends without a word. */
  next(): Promise<Readonly<Record<string, unknown>>>;
}

/** How a {@link Peer} is started. */
export interface PeerOptions {
  /** A program and its arguments that starts it: `["unshare", "--pid", …]`. */
  readonly wrapper?: readonly string[];
  readonly uid?: number;
}

/** Starts a peer, which is killed when the test has finished. */
export function startPeer(args: readonly string[], { wrapper = [], uid }: PeerOptions = {}): Peer {
  const program = fileURLToPath(new URL("peer.test-program.ts", import.meta.url));
  const flags = ["--conditions=mandate-source", "--disable-warning=ExperimentalWarning"];
  const line = [...wrapper, process.execPath, ...flags, program, ...args];
  const [command = "", ...rest] = line;
  const child = spawn(command, rest, {
    stdio: ["pipe", "pipe", "inherit"],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    async next() {
      const { done, value } = await lines.next();
      if (done === true) throw new Error(`the peer ended: ${line.join(" ")}`);
      return JSON.parse(value) as Readonly<Record<string, unknown>>;
    },
  };
}

/** Whether this user may start programs in namespaces of their own here. */
export function canUnshare(...flags: readonly string[]): boolean {
  return spawnSync("unshare", [...flags, "true"]).status === 0;
}
