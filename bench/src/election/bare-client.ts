import { EtcdClient, methods } from "@mandate/store-etcd/internal";
import type { RunOptions } from "@mandate/store-etcd/internal";

/** The store's own client, with nothing around it. */
export interface BareClient {
  readonly client: EtcdClient;
  /** How calls are made. */
  readonly options: RunOptions;
}

/** Connects with the first call. */
export function openBareClient(endpoint: string): BareClient {
  const { hostname: host, port, host: authority } = new URL(endpoint);
  const target = { host, port: Number(port), authority, tls: undefined };
  return {
    client: new EtcdClient({ targets: [target], credentials: undefined }),
    options: { attemptMs: 10_000, signal: new AbortController().signal, retry: "not-applied" },
  };
}

/** A lease that outlives every case. */
export async function grantLease({ client, options }: BareClient): Promise<bigint> {
  const { id } = await client.call(methods.leaseGrant, { ttl: 3_600n }, options);
  return id;
}
