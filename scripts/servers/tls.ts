import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { createCertificate } from "./certificate.ts";
import { createServerFolder } from "./server-folder.ts";

/** The files of a certificate and its private key, in PEM. */
export interface KeyPair {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The files for a server that speaks TLS, and for its clients. */
export interface EtcdTls {
  /** The authority that signed the other two. */
  readonly ca: KeyPair;
  /** For 127.0.0.1 and localhost. */
  readonly server: KeyPair;
  readonly client: KeyPair;
}

/** Everything that tests of TLS need, good and bad. */
export interface TlsFiles extends EtcdTls, AsyncDisposable {
  /** Like `server`, but it expired a day ago. */
  readonly expiredServer: KeyPair;
  /** An authority that signed none of the others. */
  readonly otherCa: KeyPair;
  /** A client's certificate by `otherCa`. */
  readonly otherClient: KeyPair;
}

/**
 * Makes new certificates, in a temporary folder that is removed on disposal and at the end of this
 * process.
 */
export function createTlsFiles(): TlsFiles {
  const folder = createServerFolder("tls");
  const issue = (name: string, options: IssueOptions): IssuedPair => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const endMs = Date.now() + (options.expired === true ? -dayMs : 30 * dayMs);
    const { issuer } = options;
    const certificate = createCertificate({
      subject: name,
      subjectKey: privateKey,
      issuer: issuer?.name ?? name,
      issuerKey: issuer?.key ?? privateKey,
      // A clock that is a little behind must not find it not valid yet.
      notBefore: new Date(endMs - 60 * dayMs),
      notAfter: new Date(endMs),
      isAuthority: issuer === undefined,
    });
    const files = {
      certFile: join(folder.path, `${name}.crt`),
      keyFile: join(folder.path, `${name}.key`),
    };
    writeFileSync(files.certFile, certificate);
    const key = privateKey.export({ type: "pkcs8", format: "pem" });
    writeFileSync(files.keyFile, key, { mode: 0o600 });
    return { name, key: privateKey, files };
  };
  const ca = issue("ca", {});
  const otherCa = issue("other-ca", {});
  return {
    ca: ca.files,
    server: issue("server", { issuer: ca }).files,
    client: issue("client", { issuer: ca }).files,
    expiredServer: issue("expired-server", { issuer: ca, expired: true }).files,
    otherCa: otherCa.files,
    otherClient: issue("other-client", { issuer: otherCa }).files,
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

const dayMs = 24 * 60 * 60_000;

interface IssuedPair {
  readonly name: string;
  readonly key: KeyObject;
  readonly files: KeyPair;
}

interface IssueOptions {
  readonly issuer?: IssuedPair;
  readonly expired?: boolean;
}
