import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";

import { MandateError } from "@mandate/election";

import { parseRecord, readIfThere, syncDirectory, writeNew } from "./files.ts";
import { isSurelyGone } from "../machine/machine.ts";
import type { Machine, ProcessIdentity } from "../machine/machine.ts";
import { privateDirectory } from "./private-directory.ts";
import { ignore } from "../store-error.ts";

const FORMAT = 1;

/** Where things are on the disk. */
export interface StoreFolder {
  /** Names this store for ever: another one in the same place has another id. */
  readonly id: string;
  readonly elections: string;
  readonly sessions: string;
  readonly sockets: string;
  /** Files that are not complete yet, by process. */
  readonly temporary: string;
}

/**
 * Opens the store in a folder, and makes it first where there is none.
 * @throws `STORE_UNSUITABLE`, `ACCESS_DENIED`, `FORMAT_UNSUPPORTED`
 */
export async function openStoreFolder(path: string, machine: Machine): Promise<StoreFolder> {
  const root = await privateDirectory(path, machine);
  const id = await storeId(root);
  // Below a folder of the store's own name: a process that goes on after somebody removed the
  // store, and another made a new one, finds nothing, and never the other's files.
  const inside = (name: string): string => join(root, id, name);
  const folder = {
    id,
    elections: inside("elections"),
    sessions: inside("sessions"),
    sockets: inside("sockets"),
    temporary: join(inside("temporary"), processName(machine.self)),
  };
  const { elections, sessions, sockets } = folder;
  for (const made of [elections, sessions, sockets, inside("temporary")]) {
    await mkdir(made, { recursive: true, mode: 0o700 });
  }
  await syncDirectory(join(root, id));
  await syncDirectory(root);
  return folder;
}

/** The path for a file or folder that is not complete yet. */
export async function temporaryPath(folder: StoreFolder): Promise<string> {
  // Made when it is first needed: whoever only reads leaves nothing behind.
  await mkdir(folder.temporary, { mode: 0o700 }).catch((error: unknown) => ignore(error, "EEXIST"));
  return join(folder.temporary, randomUUID());
}

/** Removes what processes left that ended in the middle of something. */
export async function sweepTemporary(folder: StoreFolder, machine: Machine): Promise<void> {
  const all = dirname(folder.temporary);
  const { self } = machine;
  for (const name of await readdir(all)) {
    const pid = Number(name.split(".").at(-2));
    const alike = name.startsWith(kernelName(self));
    if (alike && !isSurelyGone({ ...self, pid })) continue;
    await rm(join(all, name), { recursive: true, force: true });
  }
}

/** Whether the store is still there. */
export async function isStillThere(folder: StoreFolder): Promise<boolean> {
  const names = await readdir(folder.elections).catch((error: unknown) => ignore(error, "ENOENT"));
  return names !== undefined;
}

async function storeId(root: string): Promise<string> {
  const path = join(root, "store");
  for (;;) {
    const text = await readIfThere(path);
    if (text !== undefined) return parseStoreId(path, text);
    const draft = join(root, `store.${randomUUID()}`);
    await writeNew(draft, JSON.stringify({ format: FORMAT, id: randomUUID() }), { durable: true });
    // Of two processes that make the store at once, one is first; both read what it wrote.
    await link(draft, path).catch((error: unknown) => ignore(error, "EEXIST"));
    await unlink(draft);
  }
}

function parseStoreId(path: string, text: string): string {
  const record = parseRecord(text);
  const format = record?.["format"];
  const id = record?.["id"];
  if (typeof format === "number" && format > FORMAT) {
    throw new MandateError(
      `${path} was written in format ${format}, and this program reads ${FORMAT} at most: ` +
        "upgrade it",
      { code: "FORMAT_UNSUPPORTED", applied: "no" },
    );
  }
  if (typeof id === "string" && /^[0-9a-f-]{36}$/.test(id)) return id;
  throw new MandateError(
    `${path} is not one of Mandate's: name an empty folder, or one that Mandate made`,
    { code: "STORE_UNSUITABLE", applied: "no" },
  );
}

/** The same for all processes whose pids can be told apart. */
function kernelName({ bootId, pidNamespace }: ProcessIdentity): string {
  return `${bootId}.${pidNamespace.replace(/\D/g, "")}.`;
}

function processName(self: ProcessIdentity): string {
  return `${kernelName(self)}${self.pid}.${self.startTime}`;
}
