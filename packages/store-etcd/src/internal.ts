// For sister packages: no promise of stability.
export { EtcdClient } from "./client/etcd-client.ts";
export { methods } from "./client/methods.ts";
export { WatchHub } from "./client/watch-hub.ts";
export { KeyLayout } from "./keys.ts";
export { createdAt, deleteOp, putOp, rangeOp, transaction } from "./operations.ts";

export type { RunOptions } from "./client/etcd-client.ts";
