import { open } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { basename, dirname } from "node:path";

/** How many observers may wait to be accepted by a process that is stopped. */
const BACKLOG = 4_096;

/** A socket that the kernel closes when this process ends. */
export class DeathHint {
  readonly #server: Server;
  readonly #observers: ReadonlySet<Socket>;

  private constructor(server: Server, observers: ReadonlySet<Socket>) {
    this.#server = server;
    this.#observers = observers;
  }

  /** Offers the socket at that path to observers. */
  static async offer(path: string): Promise<DeathHint> {
    const observers = new Set<Socket>();
    const server = createServer((socket) => {
      observers.add(socket);
      socket.unref();
      // An observer that goes away may do so in any manner.
      socket.on("error", () => {});
      socket.on("close", () => observers.delete(socket));
      socket.resume();
    });
    server.unref();
    await withShortPath(path, (short) => {
      return new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen({ path: short, backlog: BACKLOG }, () => {
          server.off("error", reject);
          // Out of file descriptors, say: observers without a hint look now and then.
          server.on("error", () => {});
          resolve();
        });
      });
    });
    return new DeathHint(server, observers);
  }

  /** Tells all observers to look. */
  close(): void {
    this.#server.close();
    for (const socket of this.#observers) socket.destroy();
  }
}

/**
 * Connects to the socket at that path and calls `onClosed` once: when its process ends or closes
 * it, or when it cannot be connected to. Returns what stops that.
 */
export function observeDeathHint(path: string, onClosed: () => void): () => void {
  let stopped = false;
  let socket: Socket | undefined;
  const closed = (): void => {
    if (!stopped) onClosed();
    stopped = true;
  };
  withShortPath(path, async (short) => {
    if (stopped) return;
    socket = connect({ path: short });
    socket.unref();
    socket.on("error", () => {});
    socket.on("close", closed);
    socket.resume();
    // The path must hold until it has been used.
    await new Promise<void>((resolve) => {
      socket?.once("connect", resolve).once("close", () => {
        resolve();
      });
    });
  }).catch(closed);
  return () => {
    stopped = true;
    socket?.destroy();
  };
}

/** A socket's path holds 107 bytes; through a handle on its folder, any path does. */
async function withShortPath<T>(path: string, use: (short: string) => Promise<T>): Promise<T> {
  const folder = await open(dirname(path), "r");
  try {
    return await use(`/proc/self/fd/${folder.fd}/${basename(path)}`);
  } finally {
    await folder.close();
  }
}
