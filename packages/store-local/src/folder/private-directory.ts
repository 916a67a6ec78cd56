import type { Stats } from "node:fs";
import { lstat, mkdir, readFile, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { MandateError } from "@mandate/election";

import { fileSystemFault } from "./file-system.ts";
import { syncDirectory } from "./files.ts";
import type { Machine } from "../machine/machine.ts";
import { ignore } from "../store-error.ts";

/** What unmapped owners look like inside a user namespace. */
const UNMAPPED_USER = 65_534;

/**
 * Makes the store's folder, unless it is there, and returns its real path. Nothing is made where
 * it could not be used, and a folder that others can enter or replace is refused.
 * @throws `STORE_UNSUITABLE`, `ACCESS_DENIED`
 */
export async function privateDirectory(path: string, machine: Machine): Promise<string> {
  if ((await ifThere(lstat(path))) === undefined) {
    const nearest = await nearestExisting(path);
    await checkFileSystem(nearest, machine);
    await checkAncestors(await realpath(nearest));
    await makeDurably(path);
  } else {
    await checkAncestors(await realpath(dirname(path)));
  }
  checkOwn(path, await lstat(path));
  await checkFileSystem(path, machine);
  return realpath(path);
}

async function nearestExisting(path: string): Promise<string> {
  for (let candidate = path; ; candidate = dirname(candidate)) {
    const found = await ifThere(stat(candidate));
    if (found !== undefined || candidate === dirname(candidate)) return candidate;
  }
}

async function makeDurably(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) =>
    // Something else is there: it is looked at, and refused, like any other.
    ignore(error, "EEXIST", "ENOTDIR"),
  );
  if (first === undefined) return;
  for (let made = path; made !== dirname(first); made = dirname(made)) {
    await syncDirectory(dirname(made));
  }
}

async function ifThere(found: Promise<Stats>): Promise<Stats | undefined> {
  return found.catch((error: unknown) => ignore(error, "ENOENT"));
}

async function checkFileSystem(path: string, machine: Machine): Promise<void> {
  const fault = fileSystemFault(await machine.fileSystemType(path));
  if (fault === undefined) return;
  throw refuse(
    "STORE_UNSUITABLE",
    `${path} is on a file system that is ${fault}: name a folder on a local disk ` +
      "(ext4, xfs, btrfs, f2fs, zfs) or tmpfs, or use a store for several machines",
  );
}

async function checkAncestors(path: string): Promise<void> {
  const trusted = new Set([0, userId(), ...(await unmappedUsers())]);
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode, uid } = await lstat(folder);
    if (!trusted.has(uid)) {
      throw refuse(
        "ACCESS_DENIED",
        `${folder} belongs to user ${uid}, who could replace what is in it: ` +
          "name a folder of your own, or run as its owner",
      );
    }
    if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0) {
      throw refuse(
        "ACCESS_DENIED",
        `every user can replace what is in ${folder}: chmod o-w it, or name another folder`,
      );
    }
    if (folder === dirname(folder)) return;
  }
}

function checkOwn(path: string, stats: Stats): void {
  const { mode, uid } = stats;
  if (!stats.isDirectory()) {
    throw refuse("ACCESS_DENIED", `${path} is a link or a file: name a folder itself`);
  }
  if (uid !== userId()) {
    throw refuse(
      "ACCESS_DENIED",
      `${path} belongs to user ${uid}, and this is user ${userId()}: ` +
        "name a folder of your own, or run as its owner",
    );
  }
  if ((mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(3, "0");
    throw refuse("ACCESS_DENIED", `${path} is open to others (mode ${octal}): chmod 700 it`);
  }
}

async function unmappedUsers(): Promise<readonly number[]> {
  // In a user namespace, folders of the system belong to users that have no number in it, and
  // none of those can be a user of it.
  const map = await readFile("/proc/self/uid_map", "utf8");
  return /^\s*0\s+0\s+4294967295\s*$/.test(map) ? [] : [UNMAPPED_USER];
}

function userId(): number {
  return process.geteuid?.() ?? -1;
}

function refuse(code: "STORE_UNSUITABLE" | "ACCESS_DENIED", message: string): MandateError {
  return new MandateError(message, { code, applied: "no" });
}
