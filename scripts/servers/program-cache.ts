import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { isMissing } from "./is-missing.ts";
import { reportProgress } from "./progress.ts";

/** Where the programs of servers are kept: `mandate/servers` in the user's cache folder. */
export function cacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"];
  // The XDG base directory rules say that a relative path is to be ignored.
  if (base?.startsWith("/") === true) return join(base, "mandate", "servers");
  // Postgres refuses to run as root, and whom it runs as instead can see nothing in root's home.
  const isRoot = process.getuid?.() === 0;
  return join(isRoot ? "/var/cache" : join(homedir(), ".cache"), "mandate", "servers");
}

/** The folder of one program in the cache, whether it is there or not. */
export function cachedFolder(name: string): string {
  return join(cacheFolder(), `${name}-${process.arch}`);
}

/**
 * Fills a folder of the cache unless it is there: `fill` works in a temporary folder beside it,
 * which gets its name only when `fill` has succeeded, so nobody ever sees half of it. Of several
 * processes that want the same folder, one fills it, and the others wait for that.
 */
export async function fillCache(
  name: string,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = cachedFolder(name);
  if (existsSync(folder)) return folder;
  await mkdir(cacheFolder(), { recursive: true });
  const unlock = await lockCache(name);
  try {
    if (existsSync(folder)) return folder;
    await removeAbandoned();
    const partial = await mkdtemp(join(cacheFolder(), partialPrefix));
    try {
      await fill(partial);
      await rename(partial, folder);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
    return folder;
  } finally {
    unlock();
  }
}

const partialPrefix = ".partial-";
const abandonedAfterMs = 60 * 60_000;
const lockTimeoutMs = 20 * 60_000;

// The kernel's lock is held by `flock`, and `flock` lives as long as the pipe to it: whatever ends
// us ends the lock, so none is ever left behind.
async function lockCache(name: string): Promise<() => void> {
  const file = join(cacheFolder(), `.lock-${name}`);
  const holder = spawn("flock", [file, "sh", "-c", "echo locked; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  holder.stdin.on("error", () => undefined); // the holder has ended, and the lock with it
  const ended = new AbortController();
  holder.on("error", (cause) => ended.abort(cause));
  holder.on("exit", (code) => ended.abort(new Error(`flock ended with ${code}`)));
  const waiting = setTimeout(() => reportProgress(`waiting for another process: ${file}`), 1_000);
  try {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(lockTimeoutMs)]);
    await once(holder.stdout, "data", { signal });
    return () => holder.stdin.end();
  } catch (cause) {
    holder.kill();
    throw new Error(`cannot lock ${file} (is flock of util-linux there?)`, { cause });
  } finally {
    clearTimeout(waiting);
  }
}

async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(cacheFolder())) {
    if (!name.startsWith(partialPrefix)) continue;
    const path = join(cacheFolder(), name);
    try {
      if (Date.now() - (await stat(path)).mtimeMs < abandonedAfterMs) continue;
      await rm(path, { recursive: true, force: true });
    } catch (error) {
      if (!isMissing(error)) throw error; // another process removed it meanwhile
    }
  }
}
