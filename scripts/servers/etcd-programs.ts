import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

import { fetchFromDebian } from "./debian-program.ts";
import { buildEtcd, currentEtcd } from "./etcd-from-source.ts";
import { findOnPath } from "./find-on-path.ts";
import { MissingServerError } from "./missing-server-error.ts";
import { cachedFolder, fillCache } from "./program-cache.ts";
import { runCommand } from "./run-command.ts";

/**
 * Which etcd: `stable` is what the machine has, or its Debian packages (3.4 on Debian 12), `newer`
 * is that of Debian 13 (3.5), and `current` is the newest release, built from source.
 */
export type EtcdVersion = "stable" | "newer" | "current";

/** The programs of one version of etcd. */
export interface EtcdPrograms {
  readonly etcd: string;
  readonly etcdctl: string;
  /** As the server states it, such as `3.4.23`. */
  readonly version: string;
}

/** How far to go to get a program. */
export interface FindOptions {
  /**
   * Compile it if there is no other way, which takes minutes.
   * @defaultValue whether `CI` is `true`
   */
  readonly compile?: boolean;
}

/**
 * Finds the programs of etcd: by `MANDATE_ETCD` and `MANDATE_ETCDCTL` (a program or its folder),
 * on `PATH`, in our cache, in Debian's packages, which are unpacked into the cache. The first two
 * are asked only for `stable`, since they say nothing about a version. Throws {@link
 * MissingServerError}.
 */
export async function findEtcd(
  version: EtcdVersion,
  options: FindOptions = {},
): Promise<EtcdPrograms> {
  if (version === "current") return await findCurrent(options);
  if (version === "stable") {
    const own = (await fromEnvironment()) ?? (await fromPath());
    if (own !== undefined) return own;
  }
  return await fromDebian(version);
}

const oldestSupported = "3.4";
const newerSuite = "trixie";

async function fromEnvironment(): Promise<EtcdPrograms | undefined> {
  const etcd = programIn(process.env["MANDATE_ETCD"], "etcd");
  if (etcd === undefined) return undefined;
  const etcdctl = programIn(process.env["MANDATE_ETCDCTL"], "etcdctl") ?? join(etcd, "../etcdctl");
  return { etcd, etcdctl, version: await verify({ etcd, etcdctl }) };
}

function programIn(path: string | undefined, name: string): string | undefined {
  if (path === undefined || path === "") return undefined;
  if (!existsSync(path)) {
    throw new MissingServerError(`there is no ${path}: correct MANDATE_${name.toUpperCase()}`);
  }
  return statSync(path).isDirectory() ? join(path, name) : path;
}

async function fromPath(): Promise<EtcdPrograms | undefined> {
  const etcd = findOnPath("etcd");
  const etcdctl = findOnPath("etcdctl");
  if (etcd === undefined || etcdctl === undefined) return undefined;
  const version = await verify({ etcd, etcdctl });
  const isOld = version.localeCompare(oldestSupported, "en", { numeric: true }) < 0;
  return isOld ? undefined : { etcd, etcdctl, version };
}

async function fromDebian(version: "stable" | "newer"): Promise<EtcdPrograms> {
  const root = await fetchFromDebian({
    folder: "etcd",
    packages: ["etcd-server", "etcd-client"],
    verify: (partial) => verify(programsBelow(join(partial, "usr", "bin"))),
    ...(version === "stable"
      ? {
          name: "etcd",
          otherwise:
            `install etcd ${oldestSupported} or newer with etcdctl, ` +
            "or set MANDATE_ETCD and MANDATE_ETCDCTL to the programs",
        }
      : { name: "etcd-newer", suite: newerSuite, otherwise: "its tests run on Debian only" }),
  });
  const programs = programsBelow(join(root, "usr", "bin"));
  return { ...programs, version: await verify(programs) };
}

async function findCurrent(options: FindOptions): Promise<EtcdPrograms> {
  const name = `etcd-${currentEtcd}`;
  const compile = options.compile ?? process.env["CI"] === "true";
  if (!existsSync(cachedFolder(name))) {
    const command = "npm run servers -- etcd-current";
    if (findOnPath("go") === undefined) {
      const help = `install Go, then run: ${command}`;
      throw new MissingServerError(`etcd ${currentEtcd} is missing: ${help}`);
    }
    if (!compile) {
      const help = `to build it from source, which takes minutes: ${command}`;
      throw new MissingServerError(`etcd ${currentEtcd} is missing; ${help}`);
    }
  }
  const folder = await fillCache(name, async (partial) => {
    await buildEtcd(partial);
    await verify(programsBelow(partial));
  });
  const programs = programsBelow(folder);
  return { ...programs, version: await verify(programs) };
}

function programsBelow(folder: string): { readonly etcd: string; readonly etcdctl: string } {
  return { etcd: join(folder, "etcd"), etcdctl: join(folder, "etcdctl") };
}

async function verify(programs: {
  readonly etcd: string;
  readonly etcdctl: string;
}): Promise<string> {
  const env = { ETCDCTL_API: "3" };
  const timeoutMs = 30_000;
  const [server] = await Promise.all([
    runCommand({ program: programs.etcd, args: ["--version"], env, timeoutMs }),
    runCommand({ program: programs.etcdctl, args: ["version"], env, timeoutMs }),
  ]);
  const version = /^etcd Version: (\S+)/m.exec(server)?.[1];
  if (version === undefined) throw new Error(`${programs.etcd} --version says: ${server}`);
  return version;
}
