import { join } from "node:path";
import type { StoreDescription } from "@mandate/election";
import { connectStore } from "@mandate/election/internal";
import { describeStore } from "../stores.ts";
import type { DemoFolder } from "./demo-folder.ts";
import { startEtcdCluster } from "./etcd-cluster.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";

/** The store that a demo runs on. */
export interface DemoStore {
  /** For people. */
  readonly title: string;
  /** For commands in another terminal. */
  readonly url: string;
  /** The shortest TTL that it keeps, in milliseconds. */
  readonly ttlMs: number;
  /** Why no path to it can be cut; undefined when it can be. */
  readonly uncuttable: string | undefined;
  /** The store as a candidate reaches it, by a path of its own. */
  describeFor(candidateId: string): StoreDescription;
  /** Lets vanish all that goes between a candidate and the store. */
  cut(candidateId: string): void;
  /** Ends a cut. */
  heal(candidateId: string): void;
  /** Ends what was started for it. */
  close(): Promise<void>;
}

/** How to open a {@link DemoStore}. */
export interface DemoStoreOptions {
  /** `local`, `etcd`, or a URL. */
  readonly store: string;
  readonly candidateIds: readonly string[];
  readonly folder: DemoFolder;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * Starts, or finds, the store for a demo.
 * @throws what {@link describeStore} and `startEtcdCluster` throw, and the store itself
 */
export async function openDemoStore(options: DemoStoreOptions): Promise<DemoStore> {
  const { store, folder, environment } = options;
  if (store === "local") {
    // In the demo's own folder: it leaves nothing behind in the user's.
    const path = join(folder.path, "store").split("/").map(encodeURIComponent).join("/");
    return onUrl(`local:${path}`, "the local store", options);
  }
  if (store === "etcd") {
    const cluster = await startEtcdCluster({ folder, environment, signal: options.signal });
    try {
      const url = `etcd://${cluster.addresses.join(",")}`;
      return await onUrl(url, "etcd with three members", options, () => cluster.close());
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }
  return onUrl(store, store, options);
}

async function onUrl(
  url: string,
  title: string,
  { candidateIds, environment }: DemoStoreOptions,
  closeServers: () => Promise<void> = async () => {},
): Promise<DemoStore> {
  const direct = await describeStore(url, environment);
  const store = await connectStore(direct);
  const ttlMs = store.capabilities.ttlFloorMs;
  await store.close();
  const paths = new Map<string, StorePath>();
  const uncuttable = whyUncuttable(url);
  if (uncuttable === undefined) {
    for (const id of candidateIds) paths.set(id, await openPath(url, environment));
  }
  return {
    title,
    url,
    ttlMs,
    uncuttable,
    describeFor: (id) => paths.get(id)?.description ?? direct,
    cut: (id) => paths.get(id)?.proxies.forEach((proxy) => proxy.cut()),
    heal: (id) => paths.get(id)?.proxies.forEach((proxy) => proxy.heal()),
    async close() {
      const proxies = [...paths.values()].flatMap((path) => path.proxies);
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await closeServers();
    },
  };
}

interface StorePath {
  readonly description: StoreDescription;
  readonly proxies: readonly FaultProxy[];
}

function whyUncuttable(url: string): string | undefined {
  if (/^etcd:/i.test(url)) return undefined;
  if (/^etcds:/i.test(url)) return "TLS cannot be led through the demo's proxies";
  return "no network leads to the local store (try --store etcd)";
}

/** A proxy in front of each member of etcd, and the store as it is reached through them. */
async function openPath(
  url: string,
  environment: DemoStoreOptions["environment"],
): Promise<StorePath> {
  const { etcd, parseEtcdUrl } = await import("@mandate/store-etcd");
  const options = parseEtcdUrl(url, { environment });
  const proxies = await Promise.all(
    options.endpoints.map((endpoint) => {
      const { hostname, port } = new URL(endpoint);
      return startFaultProxy({ host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80) });
    }),
  );
  const endpoints = proxies.map(({ address }) => `http://${address}`);
  return { description: etcd({ ...options, endpoints }), proxies };
}
