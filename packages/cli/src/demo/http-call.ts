import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";

/** A request. */
export interface HttpCall {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whose connections to use. */
  readonly agent: Agent;
  /** For all of it, until the last byte of the answer, in milliseconds. */
  readonly timeoutMs: number;
}

/** An answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * Sends a request and reads the answer. Rejects when there is none in time: then nobody knows
 * whether the request was carried out.
 */
export async function callHttp(call: HttpCall): Promise<HttpAnswer> {
  const { url, method, agent, body = "", timeoutMs } = call;
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = { ...call.headers, "content-length": Buffer.byteLength(body) };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { method, agent, headers, signal }, resolve).on("error", reject).end(body);
  });
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, body: text };
}
