import http2 from "node:http2";
import net from "node:net";
import tls from "node:tls";

import { RpcFailure } from "./rpc-failure.ts";
import { readTlsMaterial } from "./tls-material.ts";
import type { TlsOptions } from "./tls-material.ts";

/** Where and how to connect. */
export interface ConnectionTarget {
  readonly host: string;
  readonly port: number;
  /** As it is shown and sent: `host:port`. */
  readonly authority: string;
  /** Undefined: plain text. */
  readonly tls: TlsOptions | undefined;
}

// Room for a snapshot with thousands of candidates in one round trip.
const streamWindowBytes = 1024 * 1024;
const sessionWindowBytes = 4 * 1024 * 1024;
// In MB; Node refuses new streams above it, and 10, its default, is reached by 1,000 calls at once.
const sessionMemoryMb = 64;
// How long a connection in doubt may take to answer a ping, in milliseconds.
const pingDeadlineMs = 2_000;
// HTTP/2 has 2^30 streams for a connection; the last ones are left for calls that race.
const maxStreams = 2 ** 30 - 2 ** 16;

/** One HTTP/2 connection. It keeps the process alive only while something uses it. */
export class Connection {
  readonly #session: http2.ClientHttp2Session;
  readonly #socket: net.Socket;
  readonly #scheme: "http" | "https";
  #users = 0;
  #streams = 0;
  #retired = false;

  private constructor(session: http2.ClientHttp2Session, socket: net.Socket) {
    this.#session = session;
    this.#socket = socket;
    this.#scheme = socket instanceof tls.TLSSocket ? "https" : "http";
    session.setLocalWindowSize(sessionWindowBytes);
    session.on("goaway", () => {
      this.#retired = true;
    });
    session.unref();
  }

  /**
   * Connects: TCP, TLS, and the server's first frame, all within `deadlineMs`.
   * @throws RpcFailure of kind `connect`, `tls` or `deadline`; its message names the step.
   */
  static async open(target: ConnectionTarget, deadlineMs: number): Promise<Connection> {
    const material = target.tls === undefined ? undefined : await readTlsMaterial(target.tls);
    const socket =
      material === undefined
        ? net.connect({ host: target.host, port: target.port, noDelay: true })
        : openTls(target, material);
    const dial = new Dial(target, socket, deadlineMs);
    try {
      await dial.step("accept the connection", socket, "connect");
      if (socket instanceof tls.TLSSocket) {
        await dial.step("finish the TLS handshake", socket, "secureConnect");
        if (socket.alpnProtocol !== "h2") throw new Error("it does not offer HTTP/2");
      }
      const session = http2.connect(`${material ? "https" : "http"}://${target.authority}`, {
        createConnection: () => socket,
        maxSessionMemory: sessionMemoryMb,
        settings: { enablePush: false, initialWindowSize: streamWindowBytes },
      });
      // Streams and the `close` event carry every error; without a listener Node would throw it.
      session.on("error", () => undefined);
      await dial.step("begin HTTP/2", session, "remoteSettings");
      return new Connection(session, socket);
    } catch (error) {
      socket.destroy();
      throw dial.failure(error);
    } finally {
      dial.end();
    }
  }

  /** New requests may be sent on it. */
  get usable(): boolean {
    return !this.#retired && !this.#session.closed && !this.#session.destroyed;
  }

  /** How much the other side has sent so far. When it grows, the connection is alive. */
  get bytesReceived(): number {
    return this.#socket.bytesRead;
  }

  /** Calls back once it is gone. */
  onClose(callback: () => void): void {
    if (this.#session.destroyed) callback();
    else this.#session.once("close", callback);
  }

  /**
   * Begins a request with `headers` besides those of every gRPC call.
   * @throws RpcFailure (`lost`, surely not applied) when the connection takes no more requests.
   */
  request(path: string, headers: http2.OutgoingHttpHeaders): http2.ClientHttp2Stream {
    let stream: http2.ClientHttp2Stream;
    try {
      stream = this.#session.request({
        ":method": "POST",
        ":scheme": this.#scheme,
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
    } catch (cause) {
      this.#retired = true;
      throw new RpcFailure("the connection was closing", { kind: "lost", applied: "no", cause });
    }
    this.#use(stream);
    return stream;
  }

  /**
   * Takes no more requests, since one of them got no answer, and breaks if not even a ping gets
   * one. Pings are sent here only: etcd closes connections that are pinged more often than it
   * likes.
   */
  doubt(): void {
    if (this.#retired) return;
    this.#retired = true;
    const bytesBefore = this.bytesReceived;
    if (!this.#session.destroyed) this.#session.ping(() => undefined);
    const timer = setTimeout(() => {
      if (this.bytesReceived === bytesBefore) this.destroy();
    }, pingDeadlineMs);
    timer.unref();
    this.#closeWhenUnused();
  }

  /** Closes at once; what is in flight fails. */
  destroy(): void {
    this.#retired = true;
    this.#session.destroy();
    this.#socket.destroy();
  }

  #use(stream: http2.ClientHttp2Stream): void {
    this.#streams += 1;
    if (this.#streams >= maxStreams) this.#retired = true;
    this.#users += 1;
    if (this.#users === 1) this.#session.ref();
    stream.once("close", () => {
      this.#users -= 1;
      if (this.#users > 0) return;
      this.#session.unref();
      this.#closeWhenUnused();
    });
  }

  #closeWhenUnused(): void {
    if (this.#retired && this.#users === 0) this.#session.close();
  }
}

/** The deadline of connecting, and which step it is at. */
class Dial {
  readonly #target: ConnectionTarget;
  readonly #socket: net.Socket;
  readonly #timer: NodeJS.Timeout;
  #step = "resolve";
  #late = false;

  constructor(target: ConnectionTarget, socket: net.Socket, deadlineMs: number) {
    this.#target = target;
    this.#socket = socket;
    this.#timer = setTimeout(() => {
      this.#late = true;
      socket.destroy(new Error(`no answer in ${deadlineMs} ms`));
    }, deadlineMs);
  }

  step(name: string, emitter: NodeJS.EventEmitter, event: string): Promise<void> {
    this.#step = name;
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        emitter.off(event, done);
        this.#socket.off("error", failed);
        this.#socket.off("close", closed);
        end();
      };
      const done = (): void => settle(resolve);
      const failed = (error: Error): void => settle(() => reject(error));
      const closed = (): void => settle(() => reject(new Error("it closed the connection")));
      emitter.once(event, done);
      this.#socket.once("error", failed);
      this.#socket.once("close", closed);
    });
  }

  end(): void {
    clearTimeout(this.#timer);
    // From here on the HTTP/2 session owns the socket; a late error must not end the process.
    this.#socket.on("error", () => undefined);
  }

  failure(error: unknown): RpcFailure {
    const text = error instanceof Error ? error.message : String(error);
    const kind = this.#late
      ? "deadline"
      : isTlsError(error) || /TLS/.test(this.#step)
        ? "tls"
        : "connect";
    return new RpcFailure(`${this.#target.authority} did not ${this.#step}: ${text}`, {
      kind,
      applied: "no",
      cause: error,
    });
  }
}

/** True for what Node.js throws when a certificate or a handshake does not pass. */
export function isTlsError(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(ERR_(SSL|TLS|OSSL)_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_CA|EPROTO$)/.test(
    code,
  );
}

function openTls(
  target: ConnectionTarget,
  material: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly serverName?: string;
  },
): tls.TLSSocket {
  const { serverName, ...certificates } = material;
  // A name indication must not be an IP address; the certificate is checked against `host` then.
  const servername = serverName ?? (net.isIP(target.host) === 0 ? target.host : "");
  return tls.connect({
    ...certificates,
    host: target.host,
    port: target.port,
    servername,
    ALPNProtocols: ["h2"],
    minVersion: "TLSv1.2",
  });
}
