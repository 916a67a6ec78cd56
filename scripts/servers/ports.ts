import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** A port of 127.0.0.1 that no other caller of {@link reservePort} on this machine can be given. */
export interface ReservedPort {
  readonly port: number;
  /** Gives the port back. It also happens when this process ends. */
  release(): void;
}

/**
 * Reserves a free port for a server that is a process of its own, and for its later restarts.
 *
 * Asking the kernel for a free port and closing it again leaves a gap in which a second starter,
 * or any outgoing connection, can get the same one. So the port comes from below the range of
 * outgoing connections, and is held by a listener on a loopback address that nothing else uses.
 */
export async function reservePort(): Promise<ReservedPort> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const port = lowestPort + Math.floor(Math.random() * portCount);
    const holder = await tryListen(port, holderAddress);
    if (holder === undefined) continue;
    const probe = await tryListen(port, "127.0.0.1");
    if (probe !== undefined) {
      probe.close();
      await once(probe, "close");
      return { port, release: () => holder.close() };
    }
    holder.close();
  }
  throw new Error(`no free port between ${lowestPort} and ${lowestPort + portCount - 1}`);
}

// Linux hands out 32768 and up to outgoing connections, Kubernetes 30000 and up to its services.
const lowestPort = 20_000;
const portCount = 10_000;
const holderAddress = "127.77.65.78";

async function tryListen(port: number, host: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ port, host, exclusive: true });
  try {
    await once(server, "listening");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return undefined;
    throw error;
  }
  server.unref();
  return server;
}
