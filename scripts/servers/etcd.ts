import { randomUUID } from "node:crypto";

import {
  createEtcdMember,
  dataDirOf,
  type EtcdMember,
  type OwnedEtcdMember,
} from "./etcd-member.ts";
import { type EtcdPeerLinks, openEtcdPeerLinks } from "./etcd-peer-links.ts";
import { type EtcdPrograms, type EtcdVersion, findEtcd } from "./etcd-programs.ts";
import { type ReservedPort, reservePort } from "./ports.ts";
import { createServerFolder } from "./server-folder.ts";
import type { EtcdTls } from "./tls.ts";

/** Which cluster to start. */
export interface EtcdOptions {
  /** @defaultValue 3 */
  readonly members?: number;
  /** @defaultValue "stable" */
  readonly version?: EtcdVersion;
  /**
   * Clients must use TLS with these files. The members talk to each other without.
   * @defaultValue no TLS
   */
  readonly tls?: EtcdTls;
  /** Clients must show a certificate of `tls.ca`. @defaultValue false */
  readonly clientCertAuth?: boolean;
  /** Settings of etcd's own, by its environment variables (`ETCD_AUTH_TOKEN_TTL`). */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Most bytes that a member stores before the cluster refuses writes.
   * @defaultValue etcd's, 2 GiB
   */
  readonly quotaBytes?: number;
  /** Do not wait for the disk. Not in etcd 3.4. @defaultValue false */
  readonly unsafeNoFsync?: boolean;
  /**
   * Lead the members' connections to each other through proxies, for `isolate`.
   * @defaultValue false
   */
  readonly peerProxy?: boolean;
  /** How long a member may take to serve reads. @defaultValue 30_000 */
  readonly startTimeoutMs?: number;
}

/** A running etcd cluster on 127.0.0.1, which ends with this process. */
export interface EtcdCluster extends AsyncDisposable {
  /** URLs for clients, one for each member. */
  readonly endpoints: readonly string[];
  readonly members: readonly EtcdMember[];
  readonly programs: EtcdPrograms;
  /**
   * Environment with which `programs.etcdctl` reaches this cluster; add `ETCDCTL_USER` after
   * `enableAuth`.
   */
  readonly etcdctlEnv: Readonly<Record<string, string>>;
  /** Kills the members and removes their data. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts an etcd cluster, with etcd's default timing: heartbeats each 100 ms, an election after 1
 * s, and so leases of at least 2 s. Resolves when each member has served a linearizable read.
 * Throws `MissingServerError` when the program is missing, and an error with the log of a member
 * that fails.
 */
export async function startEtcd(options: EtcdOptions = {}): Promise<EtcdCluster> {
  const programs = await findEtcd(options.version ?? "stable");
  const folder = createServerFolder("etcd");
  const reserved: ReservedPort[] = [];
  const members: OwnedEtcdMember[] = [];
  let links: EtcdPeerLinks | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.kill()));
    await links?.close();
    for (const port of reserved.splice(0)) port.release();
    await folder.remove();
  };
  const reserve = async (): Promise<number> => {
    const port = await reservePort();
    reserved.push(port);
    return port.port;
  };
  try {
    const plans: MemberPlan[] = [];
    for (let number = 1; number <= (options.members ?? 3); number += 1) {
      const scheme = options.tls === undefined ? "http" : "https";
      plans.push({
        name: `etcd${number}`,
        endpoint: `${scheme}://127.0.0.1:${await reserve()}`,
        listenPeerUrl: `http://127.0.0.1:${await reserve()}`,
      });
    }
    if (options.peerProxy === true) {
      const targets = new Map(plans.map(({ name, listenPeerUrl }) => [name, listenPeerUrl]));
      links = await openEtcdPeerLinks({ targets, members: () => members });
    }
    const peerUrlOf = (plan: MemberPlan): string => links?.urlOf(plan.name) ?? plan.listenPeerUrl;
    const token = randomUUID();
    const initialCluster = plans.map((plan) => `${plan.name}=${peerUrlOf(plan)}`).join(",");
    for (const plan of plans) {
      const peerUrl = peerUrlOf(plan);
      const dataDir = dataDirOf(folder, plan.name);
      members.push(
        createEtcdMember({
          name: plan.name,
          program: programs.etcd,
          args: etcdArgs({ plan, peerUrl, dataDir, initialCluster, token }, options),
          env: options.env ?? {},
          folder,
          endpoint: plan.endpoint,
          peerUrl,
          tls: options.tls,
          startTimeoutMs: options.startTimeoutMs ?? 30_000,
          links,
        }),
      );
    }
    await Promise.all(members.map((member) => member.start()));
    await Promise.all(members.map((member) => member.ready()));
  } catch (error) {
    await stop();
    throw error;
  }
  const endpoints = members.map((member) => member.endpoint);
  return {
    endpoints,
    members,
    programs,
    etcdctlEnv: etcdctlEnv(endpoints, options.tls),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface MemberPlan {
  readonly name: string;
  readonly endpoint: string;
  readonly listenPeerUrl: string;
}

interface MemberPlace {
  readonly plan: MemberPlan;
  readonly peerUrl: string;
  readonly dataDir: string;
  readonly initialCluster: string;
  readonly token: string;
}

function etcdArgs(place: MemberPlace, options: EtcdOptions): readonly string[] {
  const { plan, peerUrl, dataDir, initialCluster, token } = place;
  const { tls, quotaBytes } = options;
  const args = [
    `--name=${plan.name}`,
    `--data-dir=${dataDir}`,
    `--listen-client-urls=${plan.endpoint}`,
    `--advertise-client-urls=${plan.endpoint}`,
    `--listen-peer-urls=${plan.listenPeerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=${initialCluster}`,
    `--initial-cluster-token=${token}`,
    "--heartbeat-interval=100",
    "--election-timeout=1000",
    "--logger=zap",
  ];
  if (tls !== undefined) {
    args.push(
      `--cert-file=${tls.server.certFile}`,
      `--key-file=${tls.server.keyFile}`,
      `--trusted-ca-file=${tls.ca.certFile}`,
    );
  }
  if (options.clientCertAuth === true) args.push("--client-cert-auth");
  if (options.unsafeNoFsync === true) args.push("--unsafe-no-fsync");
  if (quotaBytes !== undefined) args.push(`--quota-backend-bytes=${quotaBytes}`);
  return args;
}

function etcdctlEnv(
  endpoints: readonly string[],
  tls: EtcdTls | undefined,
): Readonly<Record<string, string>> {
  const files =
    tls === undefined
      ? {}
      : {
          ETCDCTL_CACERT: tls.ca.certFile,
          ETCDCTL_CERT: tls.client.certFile,
          ETCDCTL_KEY: tls.client.keyFile,
        };
  return { ETCDCTL_API: "3", ETCDCTL_ENDPOINTS: endpoints.join(","), ...files };
}
