import { readFile } from "node:fs/promises";

import { RpcFailure } from "./rpc-failure.ts";

/** Certificates for connections to `https` endpoints: each the path of a PEM file, or PEM text. */
export interface TlsOptions {
  /** Who may have signed the servers' certificates. @defaultValue the authorities Node.js trusts */
  readonly ca?: string;
  /** The client's certificate, for servers that ask for one. Needs `key`. */
  readonly cert?: string;
  /** The private key of `cert`. */
  readonly key?: string;
  /** The name the servers' certificates must be for. @defaultValue the host of each endpoint */
  readonly serverName?: string;
}

/** {@link TlsOptions} with every file read. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

/** Reads the files, for each connection anew, so that renewed certificates need no restart. */
export async function readTlsMaterial(options: TlsOptions): Promise<TlsMaterial> {
  const { ca, cert, key, serverName } = options;
  return {
    ...(ca === undefined ? {} : { ca: await readPem(ca) }),
    ...(cert === undefined ? {} : { cert: await readPem(cert) }),
    ...(key === undefined ? {} : { key: await readPem(key) }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}

async function readPem(pathOrPem: string): Promise<string> {
  if (pathOrPem.includes("-----BEGIN")) return pathOrPem;
  try {
    return await readFile(pathOrPem, "utf8");
  } catch (cause) {
    throw new RpcFailure(`the TLS file ${pathOrPem} cannot be read`, {
      kind: "tls",
      applied: "no",
      cause,
    });
  }
}
