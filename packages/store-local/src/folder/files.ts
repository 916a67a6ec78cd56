import { open, readFile } from "node:fs/promises";

import { ignore } from "../store-error.ts";

/** Resolves once what was created, renamed or removed in the folder survives a power failure. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a new file that only its owner can read. `durable`: it survives a power failure. */
export async function writeNew(
  path: string,
  text: string,
  { durable }: { readonly durable: boolean },
): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  try {
    await handle.writeFile(text);
    if (durable) await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The text of a file; undefined when there is none of that name (any more). */
export async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: unknown) => ignore(error, "ENOENT"));
}

/** A record out of a file; undefined when a power failure left less than the whole of it. */
export function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    // Within a boot every file is complete before it has its name, so nothing is hidden by this.
    return undefined;
  }
}
