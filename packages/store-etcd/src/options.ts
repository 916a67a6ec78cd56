import { MandateError } from "@mandate/election";

import type { ConnectionTarget } from "./client/connection.ts";
import type { CredentialOptions } from "./client/credentials.ts";
import type { TlsOptions } from "./client/tls-material.ts";

/** Which etcd cluster, and how to be let in. */
export interface EtcdOptions {
  /**
   * URLs of the members, `http://` or `https://`. The first one that works is used, so list the
   * nearest first.
   */
  readonly endpoints: readonly string[];
  /**
   * Comes before every key; ends in `/`, which is added when it is missing. All processes of an
   * election must use the same. @defaultValue ""
   */
  readonly prefix?: string;
  /** Certificates; only for `https` endpoints. */
  readonly tls?: TlsOptions;
  /** Who to be, where etcd has authentication turned on. */
  readonly user?: string;
  /** The user's password, unless it is in `passwordFile`. */
  readonly password?: string;
  /** A file with the password, read before each authentication. In place of `password`. */
  readonly passwordFile?: string;
}

/** {@link EtcdOptions}, checked and taken apart. */
export interface ResolvedOptions {
  readonly targets: readonly ConnectionTarget[];
  readonly credentials: CredentialOptions | undefined;
  readonly prefix: string;
}

const optionNames = ["endpoints", "prefix", "tls", "user", "password", "passwordFile"] as const;
const tlsNames = ["ca", "cert", "key", "serverName"] as const;
const maxPrefixBytes = 256;

/**
 * Checks options that may come from anywhere.
 * @throws `INVALID_OPTIONS`, which says what to change
 */
export function resolveOptions(input: unknown): ResolvedOptions {
  const options = record("the etcd options", input, optionNames);
  const tls = options.tls === undefined ? undefined : resolveTls(options.tls);
  const { endpoints } = options;
  if (!Array.isArray(endpoints) || endpoints.length === 0) {
    throw invalid('endpoints must list at least one URL, such as "http://127.0.0.1:2379"');
  }
  const targets = endpoints.map((endpoint: unknown) => resolveEndpoint(endpoint, tls));
  if (tls !== undefined && targets.every((target) => target.tls === undefined)) {
    throw invalid("tls is given, but every endpoint is http: use https:// endpoints, or drop tls");
  }
  return {
    targets,
    credentials: resolveCredentials(options),
    prefix: resolvePrefix(options.prefix),
  };
}

function resolveEndpoint(endpoint: unknown, tls: TlsOptions | undefined): ConnectionTarget {
  // What was given is not repeated as long as it may hold a password.
  if (typeof endpoint !== "string") throw invalid("an endpoint is no text");
  if (endpoint.includes("@")) {
    throw invalid("an endpoint holds a user or password: use the options user and password");
  }
  // Not by `URL`, which drops a port that is the scheme's default: here that is 2379.
  const parts = /^(https?):\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s:/?#[\]]+))(?::(\d{1,5}))?\/?$/.exec(
    endpoint,
  );
  const [, scheme, ipv6, name, port = "2379"] = parts ?? [];
  const host = ipv6 ?? name;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw invalid(`the endpoint "${endpoint}" is not of the form https://10.0.0.1:2379`);
  }
  return {
    host,
    port: Number(port),
    authority: `${ipv6 === undefined ? host : `[${host}]`}:${port}`,
    tls: scheme === "https" ? (tls ?? {}) : undefined,
  };
}

function resolveTls(input: unknown): TlsOptions {
  const tls = record("tls", input, tlsNames);
  for (const name of tlsNames) text(`tls.${name}`, tls[name]);
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw invalid("tls.cert and tls.key belong together: give both, or none");
  }
  return tls as TlsOptions;
}

function resolveCredentials(options: Fields<typeof optionNames>): CredentialOptions | undefined {
  const user = text("user", options.user);
  const password = text("password", options.password);
  const passwordFile = text("passwordFile", options.passwordFile);
  if (user === undefined) {
    if (password === undefined && passwordFile === undefined) return undefined;
    throw invalid("a password is given without a user: give user, too");
  }
  if ((password === undefined) === (passwordFile === undefined)) {
    throw invalid("give either password or passwordFile beside user");
  }
  return { user, password, passwordFile };
}

function resolvePrefix(input: unknown): string {
  const prefix = text("prefix", input) ?? "";
  if (
    Buffer.byteLength(prefix) > maxPrefixBytes ||
    /\p{Cc}/u.test(prefix) ||
    !prefix.isWellFormed()
  ) {
    throw invalid(`prefix has control characters or more than ${maxPrefixBytes} bytes: change it`);
  }
  return prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
}

type Fields<Names extends readonly string[]> = { readonly [Name in Names[number]]?: unknown };

function record<const Names extends readonly string[]>(
  what: string,
  input: unknown,
  names: Names,
): Fields<Names> {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw invalid(`${what} must be an object with ${names.join(", ")}`);
  }
  const unknown = Object.keys(input).find((name) => !names.includes(name));
  if (unknown === undefined) return input;
  throw invalid(`${what} know no "${unknown}": there are ${names.join(", ")}`);
}

function text(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && (value !== "" || name === "prefix")) return value;
  throw invalid(`${name} must be a text that is not empty`);
}

/** An error for options that cannot be used; nothing was sent. */
export function invalid(message: string): MandateError {
  return new MandateError(message, { code: "INVALID_OPTIONS", applied: "no" });
}
