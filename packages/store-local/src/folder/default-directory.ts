import { isAbsolute, join } from "node:path";

/** Where the store is when its user does not say: below the user's folder for state. */
export function defaultDirectory(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): string {
  const state = environment["XDG_STATE_HOME"];
  // The XDG specification says to ignore a relative path.
  const base = state !== undefined && isAbsolute(state) ? state : join(home, ".local", "state");
  return join(base, "mandate", "local");
}
