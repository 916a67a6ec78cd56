import { connect, type Socket } from "node:net";

/** The way that bytes go. The client is whoever connected to the proxy. */
export type Direction = "toServer" | "toClient";

/** One connection through a proxy: both its ends, and what has been done to it. */
export interface ProxyConnection {
  /** Port at the client's end, which tells whose connection it is. */
  readonly clientPort: number;
  /** Whether any bytes of it may have vanished, so that it must never come back to life. */
  readonly muted: boolean;
  /** From now on what is sent in this direction vanishes, and so does the news of its end. */
  mute(direction: Direction): void;
  /** Ends it with a TCP reset at both ends. */
  reset(): void;
}

/** How to make a {@link ProxyConnection}. */
export interface ProxyConnectionOptions {
  readonly client: Socket;
  readonly target: { readonly host: string; readonly port: number };
  /** Directions muted from the start. */
  readonly mutedDirections: readonly Direction[];
  /** Asked for each piece of data: how long it is under way, in milliseconds. */
  readonly delayMs: () => number;
  /** Called once, when nothing is left of the connection. */
  readonly onEnd: () => void;
}

/** Connects a client's socket to the target, and carries bytes both ways. */
export function openProxyConnection(options: ProxyConnectionOptions): ProxyConnection {
  const { client, target } = options;
  const muted = new Set<Direction>(options.mutedDirections);
  // A client whose bytes never arrive has, for the target, never connected.
  const server = muted.has("toServer")
    ? undefined
    : connect({ ...target, allowHalfOpen: true, noDelay: true });
  const open = new Set([client, ...(server === undefined ? [] : [server])]);
  for (const socket of open) {
    socket.on("close", () => {
      open.delete(socket);
      if (open.size === 0) options.onEnd();
    });
  }
  if (server === undefined) {
    client.on("error", () => undefined); // the news of its end goes nowhere, as its bytes do
    client.resume();
  } else {
    const toServer = { direction: "toServer", from: client, to: server } as const;
    const toClient = { direction: "toClient", from: server, to: client } as const;
    carry(toServer, { muted, delayMs: options.delayMs });
    carry(toClient, { muted, delayMs: options.delayMs });
  }
  return {
    clientPort: client.remotePort ?? 0,
    get muted() {
      return muted.size > 0;
    },
    mute(direction) {
      muted.add(direction);
      for (const socket of open) socket.resume(); // a slow reader no longer holds back the writer
    },
    reset() {
      for (const socket of open) socket.resetAndDestroy();
    },
  };
}

interface Flow {
  readonly direction: Direction;
  readonly from: Socket;
  readonly to: Socket;
}

interface FlowOptions {
  readonly muted: ReadonlySet<Direction>;
  readonly delayMs: () => number;
}

function carry({ direction, from, to }: Flow, { muted, delayMs }: FlowOptions): void {
  // One queue with one timer: Node lets timers of different lengths overtake each other by a
  // millisecond, and bytes must not.
  const underWay: { readonly atMs: number; readonly deliver: () => void }[] = [];
  const deliverDue = (): void => {
    for (let next = underWay[0]; next !== undefined; next = underWay[0]) {
      const waitMs = next.atMs - performance.now();
      if (waitMs > 0) {
        setTimeout(deliverDue, Math.ceil(waitMs));
        return;
      }
      underWay.shift();
      // Whether it vanishes is decided on arrival: what is under way when a cut begins is lost too.
      if (!muted.has(direction) && !to.destroyed) next.deliver();
    }
  };
  const send = (deliver: () => void): void => {
    underWay.push({ atMs: performance.now() + delayMs(), deliver });
    if (underWay.length === 1) deliverDue();
  };
  from.on("data", (data) => {
    send(() => {
      if (!to.write(data)) from.pause();
    });
  });
  to.on("drain", () => from.resume());
  from.on("end", () => send(() => to.end()));
  // Why it broke matters to nobody here: the other end sees a reset, as it would without a proxy.
  from.on("error", () => send(() => to.resetAndDestroy()));
}
