import type { ClientHttp2Stream } from "node:http2";

import type { Credentials } from "./credentials.ts";
import type { Endpoint } from "./endpoint.ts";
import { methods } from "./methods.ts";
import type { Answer, Method } from "./methods.ts";
import { isStaleToken, RpcFailure } from "./rpc-failure.ts";
import { settleBefore } from "./settle-before.ts";
import { unaryCall } from "./unary-call.ts";

/** How long one endpoint may take, and who may end it before. */
export interface AttemptOptions {
  readonly signal: AbortSignal;
  /** For all calls of the attempt together, in milliseconds. */
  readonly attemptMs: number;
}

/** What attempts of one client share. */
export interface AttemptContext {
  readonly credentials: Credentials;
  /** Called with every answer. */
  observe(answer: Answer): void;
}

// How long a member may take to authenticate, in milliseconds. It hashes passwords slowly on
// purpose, and those who wait for the token have deadlines of their own.
const authenticateMs = 5_000;

/** Calls at one endpoint that share one deadline. */
export class Attempt {
  readonly endpoint: Endpoint;
  readonly #context: AttemptContext;
  readonly #signal: AbortSignal;
  readonly #endMs: number;

  constructor(endpoint: Endpoint, context: AttemptContext, options: AttemptOptions) {
    this.endpoint = endpoint;
    this.#context = context;
    this.#signal = options.signal;
    this.#endMs = performance.now() + options.attemptMs;
  }

  /**
   * One call at this endpoint. A token that etcd no longer knows is renewed on the way.
   * @throws RpcFailure, or the signal's reason
   */
  async call<Request, Response extends Answer>(
    method: Method<Request, Response>,
    request: Request,
  ): Promise<Response> {
    const body = method.encode(request);
    const token = this.#knownToken() ?? (await this.#newToken());
    let answer: Buffer;
    try {
      answer = await this.#send(method.path, body, token);
    } catch (error) {
      if (!isStaleToken(error)) throw error;
      this.#context.credentials.refused(token);
      answer = await this.#send(method.path, body, await this.#newToken());
    }
    return this.#decode(method, answer);
  }

  /**
   * Opens a stream in both directions.
   * @throws RpcFailure, or the signal's reason
   */
  async stream(path: string): Promise<ClientHttp2Stream> {
    const token = this.#knownToken() ?? (await this.#newToken());
    const connection = this.endpoint.connected ?? (await this.#wait(this.endpoint.connect()));
    return connection.request(path, callHeaders(token));
  }

  #knownToken(): string | undefined {
    return this.#context.credentials.token;
  }

  async #newToken(): Promise<string | undefined> {
    const { credentials } = this.#context;
    if (!credentials.missing) return credentials.token;
    // Others may wait for the same token, so it must not end with this attempt's signal.
    const own = new Attempt(this.endpoint, this.#context, {
      signal: new AbortController().signal,
      attemptMs: authenticateMs,
    });
    const token = credentials.authenticate(this.endpoint, async (request) => {
      const body = methods.authenticate.encode(request);
      const answer = await own.#send(methods.authenticate.path, body, undefined);
      return own.#decode(methods.authenticate, answer).token;
    });
    return this.#wait(token);
  }

  async #send(path: string, body: Uint8Array, token: string | undefined): Promise<Buffer> {
    const connection = this.endpoint.connected ?? (await this.#wait(this.endpoint.connect()));
    this.#signal.throwIfAborted();
    return unaryCall(connection, {
      path,
      body,
      headers: callHeaders(token),
      deadlineMs: this.#remainingMs(),
      signal: this.#signal,
    });
  }

  #decode<Request, Response extends Answer>(
    method: Method<Request, Response>,
    answer: Buffer,
  ): Response {
    let response: Response;
    try {
      response = method.decode(answer);
    } catch (cause) {
      const message = `the answer to ${method.path} cannot be decoded`;
      throw new RpcFailure(message, { kind: "protocol", applied: "unknown", cause });
    }
    this.#context.observe(response);
    return response;
  }

  #wait<Value>(promise: Promise<Value>): Promise<Value> {
    return settleBefore(promise, { deadlineMs: this.#remainingMs(), signal: this.#signal });
  }

  #remainingMs(): number {
    const remainingMs = this.#endMs - performance.now();
    if (remainingMs > 0) return remainingMs;
    throw new RpcFailure("no time was left for it", { kind: "deadline", applied: "no" });
  }
}

// `hasleader` makes a member that knows of no leader refuse at once, where it else lets the call
// wait and a watch stand still.
function callHeaders(token: string | undefined): Record<string, string> {
  return token === undefined ? { hasleader: "true" } : { hasleader: "true", authorization: token };
}
