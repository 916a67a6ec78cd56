import { join } from "node:path";

import { waitForHealth } from "./etcd-health.ts";
import type { EtcdPeerLinks } from "./etcd-peer-links.ts";
import type { ServerFolder } from "./server-folder.ts";
import { readLogTail, type ServerProcess, startServerProcess } from "./server-process.ts";
import type { EtcdTls } from "./tls.ts";

/** One member of an etcd cluster: a process of its own. */
export interface EtcdMember {
  readonly name: string;
  /** Process id of the present, or last, run. */
  readonly pid: number;
  readonly running: boolean;
  /** URL for clients. */
  readonly endpoint: string;
  /** URL that the other members use. */
  readonly peerUrl: string;
  readonly dataDir: string;
  readonly logFile: string;
  /** SIGSTOP: stands still, keeps its connections. */
  stop(): void;
  /** SIGCONT. */
  continue(): void;
  /** SIGKILL; resolves when it is gone. It keeps its data. */
  kill(): Promise<void>;
  /** Starts it on its data again, killing it first if it runs; resolves when it serves reads. */
  restart(): Promise<void>;
  /**
   * Cuts it off from the other members, in both directions, while clients still reach it
   * (`peerProxy`).
   */
  isolate(): void;
  /** Ends {@link isolate}. */
  rejoin(): Promise<void>;
}

/** What a member needs to run, fixed for its life. */
export interface EtcdMemberOptions {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: ServerFolder;
  readonly endpoint: string;
  readonly peerUrl: string;
  readonly tls: EtcdTls | undefined;
  readonly startTimeoutMs: number;
  readonly links: EtcdPeerLinks | undefined;
}

/** A member together with what only the cluster may do to it. */
export interface OwnedEtcdMember extends EtcdMember {
  /** Starts the process; does not wait until it serves. */
  start(): Promise<void>;
  /**
   * Resolves when it answers a linearizable read. Throws, with its log, when it ends or takes too
   * long.
   */
  ready(): Promise<void>;
}

/** Where a member keeps its data. */
export function dataDirOf(folder: ServerFolder, name: string): string {
  return join(folder.path, name);
}

/** Makes a member that does not run yet. */
export function createEtcdMember(options: EtcdMemberOptions): OwnedEtcdMember {
  const { name, folder, endpoint, tls } = options;
  const logFile = join(folder.path, `${name}.log`);
  let current: ServerProcess | undefined;
  const running = (): ServerProcess => {
    if (current?.running !== true) throw new Error(`${name} does not run: restart it first`);
    return current;
  };
  const member: OwnedEtcdMember = {
    name,
    endpoint,
    peerUrl: options.peerUrl,
    dataDir: dataDirOf(folder, name),
    logFile,
    get pid() {
      return current?.pid ?? 0;
    },
    get running() {
      return current?.running === true;
    },
    async start() {
      const { program, args, env } = options;
      current = await startServerProcess(folder, { program, args, env, logFile });
    },
    async ready() {
      const ended = new AbortController();
      void current?.exited.then(() => ended.abort());
      const timeoutMs = options.startTimeoutMs;
      const problem = await waitForHealth({ endpoint, tls, timeoutMs, signal: ended.signal });
      if (problem === undefined) return;
      const log = await readLogTail(logFile);
      throw new Error(`etcd ${name} at ${endpoint} is not ready: ${problem}\n${log}`);
    },
    stop: () => running().signal("SIGSTOP"),
    continue: () => running().signal("SIGCONT"),
    async kill() {
      current?.signal("SIGKILL");
      await current?.exited;
    },
    async restart() {
      await member.kill();
      await member.start();
      await member.ready();
    },
    isolate: () => linksOf(options).isolate(name),
    rejoin: () => linksOf(options).rejoin(name),
  };
  return member;
}

function linksOf({ links }: EtcdMemberOptions): EtcdPeerLinks {
  if (links === undefined) throw new Error("start the cluster with `peerProxy: true` for this");
  return links;
}
