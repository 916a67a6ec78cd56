import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Makes an empty folder inside the repository, where the packages of the workspace resolve by name,
 * and a function that removes it.
 */
export function makeTempFolder(): { readonly folder: string; readonly remove: () => void } {
  const parent = fileURLToPath(new URL("../.temp", import.meta.url));
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "run-"));
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}
