// For those who test what their leader does.
export { MemoryServer } from "./memory-server.ts";
export { MemoryStore, memoryStore } from "./memory-store.ts";
export { SeededRandom } from "./seeded-random.ts";
export { VirtualClock } from "./virtual-clock.ts";

export type { MemoryBackup, MemoryServerOptions } from "./memory-server.ts";
export type { MemoryStoreOptions } from "./memory-store.ts";
export type { RunUntilOptions, VirtualClockOptions } from "./virtual-clock.ts";

// For those who write a store.
export { acrossProcess, ProcessStore } from "./process-boundary.ts";
export { conformance } from "./conformance.ts";

export type { AcrossProcessOptions } from "./process-boundary.ts";
export type { ConformanceOptions } from "./conformance.ts";

// For those who put something between a client and a server.
export { StoreClient } from "./store-client.ts";

export type {
  ClaimName,
  ElectionName,
  OpenedSession,
  PlainError,
  SessionName,
  SnapshotSink,
  StoreAnswer,
  StoreCallKind,
  StoreCalls,
  StoreConnection,
  StoreRequest,
} from "./store-messages.ts";
