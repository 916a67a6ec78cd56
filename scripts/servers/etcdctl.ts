import type { EtcdCluster } from "./etcd.ts";
import { runCommand } from "./run-command.ts";

/** Who asks, where users must prove who they are. */
export interface EtcdCredentials {
  readonly user: string;
  readonly password: string;
}

/** How to run `etcdctl`. */
export interface EtcdctlOptions {
  /** @defaultValue nobody */
  readonly as?: EtcdCredentials;
  /** Replaces parts of the cluster's `etcdctlEnv`; a flag beside a variable would be refused. */
  readonly env?: Readonly<Record<string, string>>;
  /** @defaultValue 15_000 */
  readonly timeoutMs?: number;
}

/** Runs `etcdctl` of the cluster's own version on a cluster, and returns what it printed. */
export async function runEtcdctl(
  cluster: EtcdCluster,
  args: readonly string[],
  { as, env: changes, timeoutMs = 15_000 }: EtcdctlOptions = {},
): Promise<string> {
  const user: Readonly<Record<string, string>> =
    as === undefined ? {} : { ETCDCTL_USER: `${as.user}:${as.password}` };
  const env = { ...cluster.etcdctlEnv, ...user, ...changes };
  return await runCommand({ program: cluster.programs.etcdctl, args, env, timeoutMs });
}

/**
 * Makes a cluster ask for user and password. The user may read and write all keys; if it is
 * `root`, also administer. Another user gets a `root` beside it, with the same password, since
 * etcd insists on one. For tokens that expire soon, start the cluster with `env: {
 * ETCD_AUTH_TOKEN_TTL: "2" }` (seconds).
 */
export async function enableAuth(cluster: EtcdCluster, who: EtcdCredentials): Promise<void> {
  const { user, password } = who;
  await runEtcdctl(cluster, ["user", "add", `root:${password}`]);
  await runEtcdctl(cluster, ["user", "grant-role", "root", "root"]);
  if (user !== "root") {
    await runEtcdctl(cluster, ["user", "add", `${user}:${password}`]);
    await runEtcdctl(cluster, ["role", "add", "everything"]);
    const grant = ["role", "grant-permission", "everything", "readwrite", "", "--from-key"];
    await runEtcdctl(cluster, grant);
    await runEtcdctl(cluster, ["user", "grant-role", user, "everything"]);
  }
  await runEtcdctl(cluster, ["auth", "enable"]);
}
