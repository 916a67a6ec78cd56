import { describe, expect, test } from "vitest";

import { parseDeb822Sources, parseOneLineSources, selectDebianArchive } from "./apt-sources.ts";

const deb822 = `Types: deb
# a comment inside
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
`;

describe("deb822 sources", () => {
  test("give a stanza for another suite, main only, with the same keys", () => {
    expect(selectDebianArchive(parseDeb822Sources(deb822), "trixie")).toBe(`Types: deb
URIs: http://deb.debian.org/debian
Suites: trixie
Components: main
signed-by: /usr/share/keyrings/debian-archive-keyring.gpg
`);
  });

  test("keep a key that is given in full over several lines", () => {
    const text = deb822.replace(/Signed-By: .*/, "Signed-By:\n -----BEGIN\n .\n abc\n -----END");
    expect(selectDebianArchive(parseDeb822Sources(text), "trixie")).toContain(
      "signed-by: \n -----BEGIN\n .\n abc\n -----END\n",
    );
  });

  test("count only where they are enabled and have binary packages", () => {
    expect(parseDeb822Sources(`Enabled: no\n${deb822}`)).toHaveLength(1);
    expect(parseDeb822Sources(deb822.replaceAll("Types: deb", "Types: deb-src"))).toEqual([]);
  });

  test("are not taken from the security archive or from a vendor", () => {
    const [, security = ""] = deb822.split("\n\n");
    const vendor = security
      .replace("debian-security", "nodesource/debian")
      .replace("bookworm-security", "nodistro-1");
    expect(selectDebianArchive(parseDeb822Sources(security), "trixie")).toBeUndefined();
    expect(selectDebianArchive(parseDeb822Sources(vendor), "trixie")).toBeUndefined();
  });
});

describe("one-line sources", () => {
  const text = `# deb http://old.example/debian bookworm main
deb-src http://deb.debian.org/debian bookworm main
deb [arch=amd64,arm64 signed-by=/etc/key.gpg] https://a.example/debian/ bookworm main contrib # x
`;

  test("give a stanza with their options as fields", () => {
    expect(selectDebianArchive(parseOneLineSources(text), "bookworm")).toBe(`Types: deb
URIs: https://a.example/debian/
Suites: bookworm
Components: main
Architectures: amd64 arm64
signed-by: /etc/key.gpg
`);
  });

  test("without options give a bare stanza", () => {
    const bare = parseOneLineSources("deb http://deb.debian.org/debian stable main\n");
    expect(selectDebianArchive(bare, "trixie")).toBe(
      "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: trixie\nComponents: main\n",
    );
  });
});
