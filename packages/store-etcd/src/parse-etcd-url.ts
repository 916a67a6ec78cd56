import { invalid, resolveOptions } from "./options.ts";
import type { EtcdOptions } from "./options.ts";

/** Settings that a URL must not hold, by the name of their environment variable. */
const variables = {
  user: "MANDATE_ETCD_USER",
  password: "MANDATE_ETCD_PASSWORD",
  passwordFile: "MANDATE_ETCD_PASSWORD_FILE",
} as const;

const tlsVariables = {
  ca: "MANDATE_ETCD_CA",
  cert: "MANDATE_ETCD_CERT",
  key: "MANDATE_ETCD_KEY",
  serverName: "MANDATE_ETCD_SERVER_NAME",
} as const;

/**
 * Reads `etcd://HOST[:PORT][,HOST[:PORT]…][/PREFIX]`, or `etcds://` for TLS. The port is 2379 when
 * left out. User, password and certificates come from `environment`: `MANDATE_ETCD_USER`,
 * `MANDATE_ETCD_PASSWORD` or `MANDATE_ETCD_PASSWORD_FILE`, and with `etcds` the paths (or texts) of
 * PEM files `MANDATE_ETCD_CA`, `MANDATE_ETCD_CERT`, `MANDATE_ETCD_KEY`, and the certificates' name
 * `MANDATE_ETCD_SERVER_NAME`.
 * @throws `INVALID_OPTIONS`
 */
export function parseEtcdUrl(
  url: string,
  {
    environment = {},
  }: { readonly environment?: Readonly<Record<string, string | undefined>> } = {},
): EtcdOptions {
  const parts = /^(etcds?):\/\/([^/?#]*)(?:\/([^?#]*))?$/.exec(url);
  const [, scheme, hosts = "", prefix = ""] = parts ?? [];
  if (scheme === undefined || hosts === "") {
    // The text is not repeated: it may hold a password.
    throw invalid("the URL is not of the form etcd[s]://HOST:PORT,HOST:PORT[/PREFIX]");
  }
  if (hosts.includes("@")) {
    throw invalid(
      "the URL holds a user or password, and URLs end up in logs: use the environment variables " +
        "MANDATE_ETCD_USER and MANDATE_ETCD_PASSWORD or MANDATE_ETCD_PASSWORD_FILE",
    );
  }
  const secure = scheme === "etcds";
  const tls = secure ? pick(tlsVariables, environment) : {};
  const options: EtcdOptions = {
    endpoints: hosts.split(",").map((host) => `${secure ? "https" : "http"}://${withPort(host)}`),
    ...(prefix === "" ? {} : { prefix: decodePrefix(prefix) }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
    ...pick(variables, environment),
  };
  resolveOptions(options);
  return options;
}

function withPort(host: string): string {
  if (!/^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+)(:\d{1,5})?$/.test(host)) {
    throw invalid(`"${host}" in the URL is no HOST:PORT; an IPv6 address goes into brackets`);
  }
  return /:\d+$/.test(host) ? host : `${host}:2379`;
}

function decodePrefix(prefix: string): string {
  try {
    return decodeURIComponent(prefix);
  } catch {
    // What it should have been cannot be guessed; the error says how to write it.
    throw invalid("the prefix in the URL has a % that is no percent-encoding: write it as %25");
  }
}

function pick<Names extends Readonly<Record<string, string>>>(
  names: Names,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly [Name in keyof Names]?: string } {
  const found = Object.entries(names).flatMap(([name, variable]) => {
    const value = environment[variable];
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found) as { readonly [Name in keyof Names]?: string };
}
