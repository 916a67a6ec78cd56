import { MemoryServer } from "./memory-server.ts";
import type { MemoryServerOptions } from "./memory-server.ts";
import { StoreClient } from "./store-client.ts";

/** Where a {@link memoryStore} is kept and what it is like. */
export interface MemoryStoreOptions extends MemoryServerOptions {
  /**
   * The server to be a client of, when several stores (several processes' views) share one; the
   * other options are its own then. @defaultValue a new one
   */
  readonly server?: MemoryServer;
}

/** A client of a server in memory. */
export class MemoryStore extends StoreClient {
  /** The server, for a test that does to it what happens to real ones. */
  readonly server: MemoryServer;

  constructor(server: MemoryServer) {
    super(server.connect());
    this.server = server;
  }
}

/**
 * A store in the memory of this process, with the semantics of a real one: sessions that expire,
 * a queue of claims, terms that grow, a control record. For tests: nothing of it survives.
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new MemoryStore(options.server ?? new MemoryServer(options));
}
