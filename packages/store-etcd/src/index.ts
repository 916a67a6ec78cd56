export { etcd, openStore } from "./etcd.ts";
export { parseEtcdUrl } from "./parse-etcd-url.ts";

export type { EtcdOptions } from "./options.ts";
export type { TlsOptions } from "./client/tls-material.ts";
