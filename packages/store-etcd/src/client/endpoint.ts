import { Connection } from "./connection.ts";
import type { ConnectionTarget } from "./connection.ts";
import { RpcFailure } from "./rpc-failure.ts";

/**
 * One member of the cluster, with a connection to it that is made when it is needed. One that is in
 * doubt or going away is replaced, and may live on beside its successor until it is idle.
 */
export class Endpoint {
  /** As it is shown: `host:port`. */
  readonly authority: string;
  readonly #target: ConnectionTarget;
  readonly #connectMs: number;
  readonly #connections = new Set<Connection>();
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  #closed = false;

  constructor(target: ConnectionTarget, connectMs: number) {
    this.authority = target.authority;
    this.#target = target;
    this.#connectMs = connectMs;
  }

  /** The connection when there is a usable one now. */
  get connected(): Connection | undefined {
    return this.#connection?.usable === true ? this.#connection : undefined;
  }

  /**
   * The connection, made by the first of those who wait for it.
   * @throws RpcFailure of kind `connect`, `tls` or `deadline`
   */
  connect(): Promise<Connection> {
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Destroys all connections and refuses to make another. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#connections) connection.destroy();
  }

  async #open(): Promise<Connection> {
    const connection = await Connection.open(this.#target, this.#connectMs);
    if (this.#closed) {
      connection.destroy();
      throw new RpcFailure("the store was closed", { kind: "connect", applied: "no" });
    }
    this.#connections.add(connection);
    connection.onClose(() => this.#connections.delete(connection));
    this.#connection = connection;
    return connection;
  }
}
