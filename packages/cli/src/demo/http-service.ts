import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as a service sees it. */
export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** What a service answers. */
export interface ServiceAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, in place of `json`. */
  readonly text?: Iterable<string>;
}

/** A service on a free port of 127.0.0.1. */
export interface HttpService {
  readonly url: string;
  /** Ends the connections at once. */
  close(): Promise<void>;
}

const maxBodyLength = 65_536;

/** Starts a service. An error that `answer` throws becomes a 500, and is reported. */
export async function startHttpService(
  answer: (request: ServiceRequest) => ServiceAnswer | Promise<ServiceAnswer>,
  onError: (error: unknown) => void,
): Promise<HttpService> {
  const server = createServer((request, response) => {
    void (async () => {
      const { status, headers, json, text } = await answerTo(request, answer).catch(
        (error: unknown) => {
          onError(error);
          return {
            status: 500,
            json: { error: "an internal failure" },
            headers: {},
            text: undefined,
          };
        },
      );
      const type = text === undefined ? "application/json" : "application/x-ndjson";
      response.writeHead(status, { "content-type": type, ...headers });
      for (const part of text ?? []) response.write(part);
      response.end(json === undefined ? "" : JSON.stringify(json));
    })();
  });
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerTo(
  request: IncomingMessage,
  answer: (request: ServiceRequest) => ServiceAnswer | Promise<ServiceAnswer>,
): Promise<ServiceAnswer> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += String(chunk);
    if (body.length > maxBodyLength) return { status: 413, json: { error: "too long a body" } };
  }
  const { method = "", url = "/", headers } = request;
  return answer({ method, path: url, headers, body });
}
