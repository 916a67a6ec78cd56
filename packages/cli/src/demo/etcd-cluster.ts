import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { Agent } from "node:http";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MandateError } from "@mandate/election";
import { usageError } from "../usage-error.ts";
import { type Child, startProgram } from "./child.ts";
import type { DemoFolder } from "./demo-folder.ts";
import { callHttp } from "./http-call.ts";

/** A running etcd with three members on 127.0.0.1. */
export interface EtcdCluster {
  /** `host:port` for clients, of each member. */
  readonly addresses: readonly string[];
  /** Kills the members. */
  close(): Promise<void>;
}

/** What {@link startEtcdCluster} needs. */
export interface EtcdClusterOptions {
  readonly folder: DemoFolder;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

const memberNames = ["etcd1", "etcd2", "etcd3"];
const startTimeoutMs = 30_000;

/**
 * Starts a cluster with etcd's default timing. Resolves when each member answers linearizable
 * reads.
 * @throws `INVALID_OPTIONS` when there is no program, `STORE_UNAVAILABLE` with its log when it
 * fails
 */
export async function startEtcdCluster(options: EtcdClusterOptions): Promise<EtcdCluster> {
  const { folder, environment, signal } = options;
  const program = findEtcd(environment);
  const members = await Promise.all(
    memberNames.map(async (name) => {
      const [client, peer] = [await freePort(), await freePort()];
      return { name, address: `127.0.0.1:${client}`, peerUrl: `http://127.0.0.1:${peer}` };
    }),
  );
  const initialCluster = members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(",");
  const token = randomUUID();
  const children: Child[] = [];
  const close = async (): Promise<void> => {
    for (const child of children) child.kill();
    await Promise.all(children.map((child) => child.ended));
  };
  try {
    for (const { name, address, peerUrl } of members) {
      const dataFolder = join(folder.path, name);
      mkdirSync(dataFolder, { mode: 0o700 });
      const args = [
        `--name=${name}`,
        `--data-dir=${dataFolder}`,
        `--listen-client-urls=http://${address}`,
        `--advertise-client-urls=http://${address}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=${initialCluster}`,
        `--initial-cluster-token=${token}`,
        "--logger=zap",
      ];
      children.push(await startProgram({ program, args }, { name, folder }));
    }
    await Promise.all(
      children.map((child, at) => untilHealthy(child, members[at]?.address ?? "", signal)),
    );
  } catch (error) {
    await close();
    throw error;
  }
  return { addresses: members.map(({ address }) => address), close };
}

async function untilHealthy(child: Child, address: string, signal: AbortSignal): Promise<void> {
  const agent = new Agent();
  const endAtMs = performance.now() + startTimeoutMs;
  while (child.running && performance.now() < endAtMs) {
    signal.throwIfAborted();
    const url = `http://${address}/health`;
    // Not up yet, most likely. If it stays so, its own log says more than this error.
    const answer = await callHttp({ url, method: "GET", agent, timeoutMs: 3_000 }).catch(
      () => undefined,
    );
    if (answer !== undefined && /"health": ?"true"/.test(answer.body)) return;
    await sleep(25);
  }
  const problem = child.running ? `did not get ready in ${startTimeoutMs} ms` : "ended";
  throw new MandateError(`etcd at ${address} ${problem}; it says:\n${child.logTail()}`, {
    code: "STORE_UNAVAILABLE",
  });
}

function findEtcd(environment: EtcdClusterOptions["environment"]): string {
  const named = environment["MANDATE_ETCD"] ?? "";
  if (named !== "") {
    const program = isFolder(named) ? join(named, "etcd") : named;
    if (isProgram(program)) return program;
    throw usageError(`MANDATE_ETCD names ${program}, which is no program: correct or unset it`);
  }
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = folders.map((folder) => join(folder, "etcd")).find(isProgram);
  if (found !== undefined) return found;
  throw usageError(
    "there is no etcd on PATH: install it (Debian: apt install etcd-server), or name the program " +
      "in MANDATE_ETCD, or give the URL of a cluster that runs (--store etcd://HOST:PORT)",
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // whatever the reason is, it cannot be run
  }
}

// Below what Linux gives to outgoing connections (32768 and up), one of which could otherwise take
// the port between this look and the server's start.
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    server.listen({ port, host: "127.0.0.1" });
    const listens = await once(server, "listening").then(
      () => true,
      () => false, // taken: the next one, then
    );
    if (!listens) continue;
    server.close();
    await once(server, "close");
    return port;
  }
  throw new Error("no free port between 20000 and 29999 of 127.0.0.1");
}
