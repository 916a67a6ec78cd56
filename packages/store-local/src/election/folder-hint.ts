import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";

/**
 * Calls `onChange` soon after something changes in a folder, with the name if it is known. Returns
 * what stops that; undefined when it cannot be watched: it is not there, or the user's inotify
 * instances or watches are used up.
 */
export function watchFolder(
  path: string,
  onChange: (name: string | undefined) => void,
): (() => void) | undefined {
  let watcher: FSWatcher;
  try {
    watcher = watch(path, { persistent: false });
  } catch {
    // A hint less: whoever wanted it looks now and then instead.
    return undefined;
  }
  watcher.on("change", (_type, name) => {
    onChange(typeof name === "string" ? name : undefined);
  });
  watcher.on("error", () => {
    onChange(undefined);
  });
  return () => {
    watcher.close();
  };
}
