import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server on which everything can be made to vanish. */
export interface FaultProxy {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /**
   * From now on all that is sent vanishes, both ways, the news of an end with it; new connections
   * are accepted and stay mute.
   */
  cut(): void;
  /** Ends the cut. What was connected meanwhile is reset: bytes of it are missing. */
  heal(): void;
  close(): Promise<void>;
}

/** Starts a proxy on a free port of 127.0.0.1, in front of a server. */
export async function startFaultProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const harmed = new Set<Socket>();
  let isCut = false;

  const carry = (from: Socket, to: Socket): void => {
    from.on("data", (data) => {
      if (isCut) return;
      if (!to.write(data)) from.pause();
    });
    to.on("drain", () => from.resume());
    from.on("end", () => {
      if (!isCut) to.end();
    });
    // Why it broke is no matter here: the other end sees a reset, as it would without a proxy.
    from.on("error", () => {
      if (!isCut) to.resetAndDestroy();
    });
  };
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    if (isCut) harmed.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      harmed.delete(socket);
    });
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    keep(client);
    if (isCut) {
      client.on("error", () => undefined); // its end is nobody's news, as its bytes are
      client.resume();
      return;
    }
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
    keep(upstream);
    carry(client, upstream);
    carry(upstream, client);
  });
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  const resetAll = (some: Iterable<Socket>): void => {
    for (const socket of some) socket.resetAndDestroy();
  };
  return {
    address: `127.0.0.1:${port}`,
    cut() {
      isCut = true;
      for (const socket of sockets) {
        harmed.add(socket);
        socket.resume(); // a reader that was slow holds its writer back no more
      }
    },
    heal() {
      isCut = false;
      resetAll(harmed);
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      resetAll(sockets);
      await closed;
    },
  };
}
