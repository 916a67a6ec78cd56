import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { CallOptions } from "@mandate/election";
import { onTestFinished } from "vitest";

import type { StoreFolder } from "./folder/store-folder.ts";
import { openStoreFolder } from "./folder/store-folder.ts";
import { LocalStore } from "./local-store.ts";
import type { Machine, ProcessIdentity } from "./machine/machine.ts";
import { thisMachine } from "./machine/machine.ts";

/** Calls that a test makes have no deadline but its own. */
export const options: CallOptions = { signal: new AbortController().signal };

/** A private folder that is removed when the test has finished. */
export async function tempDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "mandate-local-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** An empty store's folder. */
export async function tempFolder(): Promise<StoreFolder> {
  return openStoreFolder(await tempDirectory(), await thisMachine());
}

/** A client of the store in a folder, closed when the test has finished. */
export async function openHere(directory: string, machine?: Machine): Promise<LocalStore> {
  const store = await LocalStore.open(directory, machine ?? (await thisMachine()));
  onTestFinished(() => store.close());
  return store;
}

/** This machine as another process would see it. */
export async function machineOf(self: Partial<ProcessIdentity>): Promise<Machine> {
  const machine = await thisMachine();
  return { ...machine, self: { ...machine.self, ...self } };
}
