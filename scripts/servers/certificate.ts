import { createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";

/** What a certificate says. */
export interface CertificateOptions {
  readonly subject: string;
  /** Key of the subject; only its public part goes into the certificate. */
  readonly subjectKey: KeyObject;
  readonly issuer: string;
  /** Private key of the issuer, on the curve P-256. */
  readonly issuerKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** An authority may sign others, and is good for nothing else. */
  readonly isAuthority: boolean;
}

/**
 * Makes an X.509 certificate for 127.0.0.1 and localhost, in PEM. Written out by hand since
 * neither Node nor the `openssl` of Debian 12 makes one that has already expired, and a machine
 * may have no `openssl`.
 */
export function createCertificate(options: CertificateOptions): string {
  const publicKey = createPublicKey(options.subjectKey).export({ type: "spki", format: "der" });
  const body = sequence(
    element(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaWithSha256,
    distinguishedName(options.issuer),
    sequence(time(options.notBefore), time(options.notAfter)),
    distinguishedName(options.subject),
    publicKey,
    element(0xa3, sequence(...extensions(options.isAuthority))),
  );
  const signature = sign("sha256", body, options.issuerKey);
  const certificate = sequence(body, ecdsaWithSha256, bitString(signature));
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

function extensions(isAuthority: boolean): readonly Buffer[] {
  const yes = element(0x01, Buffer.from([0xff]));
  const digitalSignature = Buffer.from([7, 0x80]); // each after its number of unused bits
  const signCertificates = Buffer.from([2, 0x04]);
  const extension = (id: string, value: Buffer): Buffer =>
    sequence(objectId(id), yes, octetString(value));
  if (isAuthority) {
    return [
      extension("2.5.29.19", sequence(yes)), // basic constraints: is an authority
      extension("2.5.29.15", element(0x03, signCertificates)), // key usage
    ];
  }
  const serverAuth = objectId("1.3.6.1.5.5.7.3.1");
  // etcd's gateway connects to etcd itself and shows the server's certificate as its own.
  const clientAuth = objectId("1.3.6.1.5.5.7.3.2");
  const dnsName = element(0x82, Buffer.from("localhost"));
  const ipAddress = element(0x87, Buffer.from([127, 0, 0, 1]));
  return [
    extension("2.5.29.15", element(0x03, digitalSignature)),
    extension("2.5.29.37", sequence(serverAuth, clientAuth)), // extended key usage
    extension("2.5.29.17", sequence(dnsName, ipAddress)), // subject alternative names
  ];
}

// DER: each element is a tag, the length of its content, and the content.
function element(tag: number, ...content: readonly Buffer[]): Buffer {
  const value = Buffer.concat(content);
  const { length } = value;
  const lengthBytes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), value]);
}

function sequence(...content: readonly Buffer[]): Buffer {
  return element(0x30, ...content);
}

function integer(value: Buffer): Buffer {
  return element(0x02, value);
}

function octetString(value: Buffer): Buffer {
  return element(0x04, value);
}

function bitString(value: Buffer): Buffer {
  return element(0x03, Buffer.from([0]), value);
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): readonly number[] {
  return value < 0x80 ? [value] : [...base128(value >> 7).map((byte) => byte | 0x80), value & 0x7f];
}

function distinguishedName(commonName: string): Buffer {
  const text = element(0x0c, Buffer.from(commonName));
  return sequence(element(0x31, sequence(objectId("2.5.4.3"), text)));
}

// Years from 2050 on would need another form of time; until then two digits are right.
function time(date: Date): Buffer {
  return element(
    0x17,
    Buffer.from(
      `${date
        .toISOString()
        .replaceAll(/[-:T]|\..*/g, "")
        .slice(2)}Z`,
    ),
  );
}

const ecdsaWithSha256 = sequence(objectId("1.2.840.10045.4.3.2"));
