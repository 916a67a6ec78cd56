import { readFile } from "node:fs/promises";

import { RpcFailure, status } from "./rpc-failure.ts";

/** Who the client is, for clusters with authentication. */
export interface CredentialOptions {
  readonly user: string;
  readonly password: string | undefined;
  /** Read before each authentication, so that a changed password needs no restart. */
  readonly passwordFile: string | undefined;
}

/** Asks one member for a token. */
export type Authenticate = (request: {
  readonly name: string;
  readonly password: string;
}) => Promise<string>;

/**
 * The token that calls carry. When etcd no longer knows it (they run out, after 5 minutes by
 * default), the next call gets a new one.
 */
export class Credentials {
  readonly #options: CredentialOptions | undefined;
  readonly #pending = new Map<object, Promise<string | undefined>>();
  #token: string | undefined;
  #needless = false;

  constructor(options: CredentialOptions | undefined) {
    this.#options = options;
  }

  /** The token known now. */
  get token(): string | undefined {
    return this.#token;
  }

  /** A token has to be asked for before the next call. */
  get missing(): boolean {
    return this.#options !== undefined && this.#token === undefined && !this.#needless;
  }

  /**
   * Gets a token from `member`, once for all calls to it that wait: a mute member then delays its
   * own calls alone. Undefined when the cluster has authentication turned off.
   */
  authenticate(member: object, authenticate: Authenticate): Promise<string | undefined> {
    const pending = this.#pending.get(member);
    if (pending !== undefined) return pending;
    const request = this.#request(authenticate).finally(() => this.#pending.delete(member));
    this.#pending.set(member, request);
    return request;
  }

  /** Forgets `token`, which etcd refused, unless another took its place already. */
  refused(token: string | undefined): void {
    if (this.#token !== token) return;
    this.#token = undefined;
    this.#needless = false;
  }

  async #request(authenticate: Authenticate): Promise<string | undefined> {
    const options = this.#options;
    if (options === undefined) return undefined;
    const password = await readPassword(options);
    try {
      this.#token = await authenticate({ name: options.user, password });
    } catch (error) {
      // The cluster has authentication turned off: everybody may do everything, so go on without.
      if (!isAuthDisabled(error)) throw error;
      this.#needless = true;
    }
    return this.#token;
  }
}

async function readPassword(options: CredentialOptions): Promise<string> {
  if (options.passwordFile === undefined) return options.password ?? "";
  try {
    return (await readFile(options.passwordFile, "utf8")).replace(/\r?\n$/, "");
  } catch (cause) {
    throw new RpcFailure(`the password file ${options.passwordFile} cannot be read`, {
      kind: "status",
      grpcStatus: status.unauthenticated,
      applied: "no",
      cause,
    });
  }
}

function isAuthDisabled(error: unknown): boolean {
  return error instanceof RpcFailure && /authentication is not enabled/.test(error.message);
}
