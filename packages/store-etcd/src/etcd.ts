import type { Store, StoreDescription } from "@mandate/election";

import { resolveOptions } from "./options.ts";
import type { EtcdOptions } from "./options.ts";

/**
 * Describes a store on etcd, 3.4 or newer; nothing is connected yet.
 * @throws `INVALID_OPTIONS`
 */
export function etcd(options: EtcdOptions): StoreDescription {
  resolveOptions(options);
  return { module: import.meta.url, options };
}

/**
 * Makes the store that {@link etcd} describes. It connects with its first call.
 * @throws `INVALID_OPTIONS`
 */
export async function openStore(options: unknown): Promise<Store> {
  const resolved = resolveOptions(options);
  // Not before it is needed: a program that only names its store shall start fast.
  const { EtcdStore } = await import("./etcd-store.ts");
  return new EtcdStore(resolved);
}
