import { once } from "node:events";
import { createServer, type Server } from "node:net";

import { reservePort } from "./ports.ts";
import {
  type Direction,
  openProxyConnection,
  type ProxyConnection,
} from "./tcp-proxy-connection.ts";

/** What a proxy stands in front of. */
export interface TcpProxyOptions {
  /** A URL with a port, or `host:port`. */
  readonly target: string;
}

/** What a cut applies to. */
interface CutOptions {
  /** Which bytes vanish. @defaultValue "both" */
  readonly direction?: Direction | "both";
  /**
   * Cut only the connections that this says yes to, by the port at their client's end.
   * @defaultValue all
   */
  readonly only?: (clientPort: number) => boolean;
}

/** A TCP proxy on 127.0.0.1 that can be told to misbehave. */
export interface TcpProxy extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly address: string;
  readonly port: number;
  /** How many connections are open, at least at one of their ends. */
  readonly connections: number;
  /**
   * Makes a black hole: what is sent is accepted and vanishes, nobody is told of an end, and new
   * connections are accepted and stay mute. A cut replaces the one before it.
   */
  cut(options?: CutOptions): void;
  /** Each piece of data is under way for this long, each way; 0 ends that. */
  delay(delayMs: number): void;
  /** Ends all connections with a TCP reset. New ones are served. */
  reset(): void;
  /** As if the server had ended: resets all connections, and lets the kernel refuse new ones. */
  refuse(): Promise<void>;
  /**
   * Ends a cut and a refusal; a delay stays. Connections that lived through a cut are reset: bytes
   * of theirs are gone, and they must not go on with a gap.
   */
  heal(): Promise<void>;
  /** Resets all connections and gives the port back. */
  close(): Promise<void>;
}

/** Starts a proxy in front of a server, which need not run yet. */
export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const target = parseTarget(options.target);
  const reserved = await reservePort();
  const connections = new Set<ProxyConnection>();
  let delayMs = 0;
  let cut: Required<CutOptions> | undefined;
  const cutOf = (clientPort: number): readonly Direction[] =>
    cut?.only(clientPort) === true ? directionsOf(cut.direction) : [];

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const connection = openProxyConnection({
      client,
      target,
      mutedDirections: cutOf(client.remotePort ?? 0),
      delayMs: () => delayMs,
      onEnd: () => connections.delete(connection),
    });
    connections.add(connection);
  });
  const listenOnPort = async (): Promise<void> => {
    server.listen({ port: reserved.port, host: "127.0.0.1" });
    await once(server, "listening");
  };
  const resetAll = (): void => connections.forEach((connection) => connection.reset());
  await listenOnPort();

  const proxy: TcpProxy = {
    address: `127.0.0.1:${reserved.port}`,
    port: reserved.port,
    get connections() {
      return connections.size;
    },
    cut({ direction = "both", only = () => true } = {}) {
      cut = { direction, only };
      for (const connection of connections) {
        for (const way of cutOf(connection.clientPort)) connection.mute(way);
      }
    },
    delay(ms) {
      delayMs = ms;
    },
    reset: resetAll,
    async refuse() {
      const closed = stopListening(server);
      resetAll();
      await closed;
    },
    async heal() {
      cut = undefined;
      for (const connection of connections) if (connection.muted) connection.reset();
      if (!server.listening) await listenOnPort();
    },
    async close() {
      await proxy.refuse();
      reserved.release();
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  };
  return proxy;
}

function directionsOf(direction: Direction | "both"): readonly Direction[] {
  return direction === "both" ? ["toServer", "toClient"] : [direction];
}

function parseTarget(target: string): { readonly host: string; readonly port: number } {
  const url = new URL(target.includes("://") ? target : `tcp://${target}`);
  if (url.port === "") throw new TypeError(`the target ${target} names no port`);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) };
}

async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  await once(server, "close");
}
