import { homedir } from "node:os";
import { isAbsolute, resolve } from "node:path";

import { MandateError } from "@mandate/election";
import type { Store, StoreDescription } from "@mandate/election";

import { defaultDirectory } from "./folder/default-directory.ts";
import { LocalStore } from "./local-store.ts";
import { thisMachine } from "./machine/machine.ts";

/** Where a {@link local} store is. */
export interface LocalOptions {
  /**
   * The store's folder, an absolute path on a local disk. It is made if need be, and belongs to one
   * user alone (mode 700). @defaultValue `mandate/local` below `$XDG_STATE_HOME`, or below
   * `~/.local/state`
   */
  readonly directory?: string;
}

/**
 * The store for the processes of one machine and user, with nothing to install. A killed process
 * is noticed in milliseconds, a stopped one when its TTL has passed. Linux only.
 * @throws `INVALID_OPTIONS`
 */
export function local(options: LocalOptions = {}): StoreDescription {
  return { module: import.meta.url, options: checkOptions(options) };
}

/**
 * The store that a URL names: `local:` for the default folder, `local:/absolute/folder` for
 * another. Characters may be percent-encoded.
 * @throws `INVALID_OPTIONS`
 */
export function parseLocalUrl(url: string): StoreDescription {
  const path = /^local:(?:\/\/(?=\/))?(.*)$/s.exec(url)?.[1];
  if (path === undefined) throw invalid(`${url} does not begin with local:`);
  if (path.startsWith("//")) throw invalid(`${url} names a host: write local:/absolute/folder`);
  if (/[?#]/.test(path)) throw invalid(`${url} has a query or fragment: write ? and # as %3F, %23`);
  return local(path === "" ? {} : { directory: decode(url, path) });
}

/**
 * Opens what {@link local} describes.
 * @throws `INVALID_OPTIONS`, `STORE_UNSUITABLE`, `ACCESS_DENIED`, `FORMAT_UNSUPPORTED`,
 * `STORE_UNAVAILABLE`
 */
export async function openStore(options: unknown): Promise<Store> {
  const { directory } = checkOptions(options);
  const machine = await thisMachine();
  return LocalStore.open(directory ?? defaultDirectory(process.env, homedir()), machine);
}

function checkOptions(options: unknown): LocalOptions {
  if (typeof options !== "object" || options === null) {
    throw invalid("the local store's options are not an object");
  }
  const unknown = Object.keys(options).find((name) => name !== "directory");
  if (unknown !== undefined) {
    throw invalid(`the local store has no option "${unknown}": it knows directory alone`);
  }
  const directory = "directory" in options ? options.directory : undefined;
  if (directory === undefined) return {};
  if (typeof directory !== "string" || !isAbsolute(directory) || directory.includes("\0")) {
    throw invalid(
      `the local store's directory is ${JSON.stringify(directory)}: give an absolute path`,
    );
  }
  return { directory: resolve(directory) };
}

function decode(url: string, path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw invalid(`${url} has a broken percent-encoding: write % as %25`, cause);
  }
}

function invalid(message: string, cause?: unknown): MandateError {
  return new MandateError(message, { code: "INVALID_OPTIONS", applied: "no", cause });
}
