import type { EtcdClient } from "./etcd-client.ts";
import { WatchStream } from "./watch-stream.ts";
import type { WatchListener, WatchRange } from "./watch-stream.ts";

/**
 * All watches of a client, on one stream; there is none while nobody watches. Where etcd has
 * authentication turned on, a stream whose token ran out keeps its watches, and new ones get
 * another.
 */
export class WatchHub {
  readonly #client: EtcdClient;
  #stream: WatchStream | undefined;

  constructor(client: EtcdClient) {
    this.#client = client;
  }

  /** Adds a watch. Returns what removes it. A failure reaches the listener, never the caller. */
  watch(range: WatchRange, listener: WatchListener): () => void {
    if (this.#stream?.usable !== true) this.#stream = new WatchStream(this.#client);
    return this.#stream.watch(range, listener);
  }

  /** Ends the stream; its listeners are told. Those of older ones end with their connections. */
  close(): void {
    this.#stream?.close();
  }
}
