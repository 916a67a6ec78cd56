import { type EtcdVersion, findEtcd, type FindOptions } from "./etcd-programs.ts";
import { findPostgres } from "./postgres-programs.ts";

/** The servers that there are, as `npm run servers` calls them. */
export const serverNames = ["etcd", "etcd-newer", "etcd-current", "postgres"] as const;

/** Name of a server. */
export type ServerName = (typeof serverNames)[number];

/** Which version of etcd a name of `npm run servers` means. */
export const etcdVersions = {
  etcd: "stable",
  "etcd-newer": "newer",
  "etcd-current": "current",
} as const satisfies Record<string, EtcdVersion>;

/** A server's program, where it was found. */
export interface FoundServer {
  readonly program: string;
  readonly version: string;
}

/**
 * Finds a server's program, getting it first if need be. Throws `MissingServerError` if that
 * fails.
 */
export async function findServer(name: ServerName, options?: FindOptions): Promise<FoundServer> {
  if (name === "postgres") {
    const { postgres, version } = await findPostgres();
    return { program: postgres, version };
  }
  const { etcd, version } = await findEtcd(etcdVersions[name], options);
  return { program: etcd, version };
}

/**
 * Whether a test suite that needs a server can run; gets the server first if need be. If it
 * cannot, says so once on standard error, with the command that helps; with `CI=true` it throws
 * instead, since there nobody would read it.
 *
 * @example `describe.skipIf(!(await haveServer("etcd")))("…", () => { … })`
 */
export function haveServer(name: ServerName): Promise<boolean> {
  const known = answers.get(name) ?? askForServer(name);
  answers.set(name, known);
  return known;
}

const answers = new Map<ServerName, Promise<boolean>>();

async function askForServer(name: ServerName): Promise<boolean> {
  try {
    await findServer(name);
    return true;
  } catch (error) {
    if (process.env["CI"] === "true") throw error;
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`\nSKIPPED: tests that need ${name}: ${reason}\n\n`);
    return false; // said above; the tests are counted as skipped
  }
}
