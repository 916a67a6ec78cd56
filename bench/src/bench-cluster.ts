import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";

import { startEtcd } from "../../scripts/servers/etcd.ts";
import { runEtcdctl } from "../../scripts/servers/etcdctl.ts";

/** Three members of etcd that write through to their disk. */
export interface BenchCluster {
  /**
   * URL of the member that led when the cluster had started. All cases talk to this one, so that
   * none of them has a longer way than another.
   */
  readonly endpoint: string;
  /** What etcd runs on, for people. */
  readonly description: string;
  /** How many leases there are now. */
  countLeases(): Promise<number>;
  /** How many messages of a kind the members have received from clients. */
  countMessages(method: string): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the cluster. */
export async function startBenchCluster(): Promise<BenchCluster> {
  const cluster = await startEtcd();
  const countOn = async (endpoint: string, sample: RegExp): Promise<number> => {
    const answer = await fetch(`${endpoint}/metrics`);
    const values = [...(await answer.text()).matchAll(sample)].map(([, value]) => Number(value));
    return values.reduce((sum, value) => sum + value, 0);
  };
  try {
    const leads = await Promise.all(
      cluster.endpoints.map((endpoint) => countOn(endpoint, /^etcd_server_is_leader (\S+)$/gm)),
    );
    const endpoint = cluster.endpoints[leads.indexOf(1)];
    if (endpoint === undefined) throw new Error("no member of the cluster says that it leads");
    return {
      endpoint,
      description:
        `etcd ${cluster.programs.version}, three members, on ` + (await fileSystemOf(tmpdir())),
      async countLeases() {
        // "found 2 leases", then one a line.
        const text = await runEtcdctl(cluster, ["lease", "list"]);
        const [, count] = /^found (\d+) leases/.exec(text) ?? [];
        if (count === undefined) throw new Error(`etcdctl lease list says: ${text}`);
        return Number(count);
      },
      async countMessages(method) {
        const sample = new RegExp(
          `^grpc_server_msg_received_total\\{grpc_method="${method}",.*\\} (\\S+)$`,
          "gm",
        );
        const counts = cluster.endpoints.map((member) => countOn(member, sample));
        return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
      },
      stop: () => cluster.stop(),
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** The kind of file system that holds a folder: on `tmpfs` nothing waits for a disk. */
async function fileSystemOf(folder: string): Promise<string> {
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n");
  const holders = mounts
    .map((line) => line.split(" "))
    .filter(([, place = ""]) => `${folder}/`.startsWith(place.endsWith("/") ? place : `${place}/`))
    .toSorted(([, one = ""], [, other = ""]) => one.length - other.length);
  return holders.at(-1)?.[2] ?? "an unknown file system";
}
