import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:tls";

import { afterAll, expect, test } from "vitest";

import { createTlsFiles, type KeyPair } from "./tls.ts";

const files = createTlsFiles();
afterAll(() => files[Symbol.asyncDispose]());

test("client and server of the same authority accept each other", async () => {
  expect(await handshake({ server: files.server, client: files.client })).toBe("accepted");
});

test("a client refuses a certificate that has expired", async () => {
  const outcome = await handshake({ server: files.expiredServer, client: files.client });
  expect(outcome).toBe("CERT_HAS_EXPIRED");
});

test("a client refuses a certificate of an authority that it does not know", async () => {
  const outcome = await handshake({
    server: files.server,
    client: files.client,
    ca: files.otherCa,
  });
  expect(outcome).toBe("SELF_SIGNED_CERT_IN_CHAIN");
});

test("a server refuses a client of another authority", async () => {
  const outcome = await handshake({ server: files.server, client: files.otherClient });
  expect(outcome).not.toBe("accepted");
});

interface Handshake {
  readonly server: KeyPair;
  readonly client: KeyPair;
  readonly ca?: KeyPair;
}

async function handshake({ server, client, ca = files.ca }: Handshake): Promise<string> {
  const listener = createServer(
    { ...read(server), ca: readFileSync(files.ca.certFile), requestCert: true },
    (socket) => socket.end("accepted"),
  );
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const socket = connect({
    host: "127.0.0.1",
    port,
    ...read(client),
    ca: readFileSync(ca.certFile),
  });
  try {
    let text = "";
    for await (const chunk of socket.setEncoding("utf8")) text += String(chunk);
    return text;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  } finally {
    listener.close();
  }
}

function read({ certFile, keyFile }: KeyPair): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}
