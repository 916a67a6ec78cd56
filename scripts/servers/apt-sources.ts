/** One archive of Debian packages, as a machine's apt is set up to use it. */
export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /**
   * Everything else that was said about it, as fields of a deb822 stanza (`Signed-By` and the
   * like).
   */
  readonly fields: readonly string[];
}

/**
 * Reads deb822 text (`*.sources`). Stanzas that are disabled or have no binary packages are left
 * out.
 */
export function parseDeb822Sources(text: string): readonly AptSource[] {
  const sources: AptSource[] = [];
  for (const stanza of text.split(/\n[ \t]*\n/)) {
    const fields = parseFields(stanza);
    const words = (name: string): readonly string[] =>
      fields.get(name)?.split(/\s+/).filter(Boolean) ?? [];
    if (!words("types").includes("deb")) continue;
    if (/^(no|false|off|0|disable)$/i.test(fields.get("enabled") ?? "")) continue;
    const rest = [...fields].filter(([name]) => !structuralFields.has(name));
    for (const uri of words("uris")) {
      sources.push({
        uri,
        suites: words("suites"),
        components: words("components"),
        fields: rest.map(([name, value]) => `${name}: ${value}`),
      });
    }
  }
  return sources;
}

/** Reads one-line text (`sources.list`, `*.list`). */
export function parseOneLineSources(text: string): readonly AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split("\n")) {
    const found = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    if (found === null) continue;
    const [, options = "", uri = "", suite = "", components = ""] = found;
    sources.push({
      uri,
      suites: [suite],
      components: components.trim().split(/\s+/),
      fields: options.split(/\s+/).filter(Boolean).map(optionToField),
    });
  }
  return sources;
}

/**
 * The stanza for one suite of Debian's own main archive, made from the first source of it that is
 * there; undefined if there is none.
 */
export function selectDebianArchive(
  sources: readonly AptSource[],
  suite: string,
): string | undefined {
  // Debian's archive, wherever it is mirrored, is a folder `debian`; others (`debian-security`, a
  // vendor's) have other names, or suites such as `bookworm-pgdg`, or `/`.
  const source = sources.find(
    ({ uri, suites, components }) =>
      /\/debian\/?$/.test(uri) &&
      components.includes("main") &&
      suites.some((name) => /^[a-z]+$/.test(name)),
  );
  if (source === undefined) return undefined;
  const head = ["Types: deb", `URIs: ${source.uri}`, `Suites: ${suite}`, "Components: main"];
  return `${[...head, ...source.fields].join("\n")}\n`;
}

const structuralFields = new Set(["types", "uris", "suites", "components", "enabled"]);

// Names of fields do not depend on case. A line that begins with a space continues the one above:
// keys can be given in full there.
function parseFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let current: string | undefined;
  for (const line of stanza.split("\n")) {
    if (line.startsWith("#")) continue;
    if (/^[ \t]/.test(line)) {
      if (current !== undefined) fields.set(current, `${fields.get(current)}\n${line}`);
      continue;
    }
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    current = line.slice(0, colon).trim().toLowerCase();
    fields.set(current, line.slice(colon + 1).trim());
  }
  return fields;
}

function optionToField(option: string): string {
  const [name = "", value = ""] = option.split(/=(.*)/s, 2);
  const field = { arch: "Architectures", lang: "Languages", target: "Targets" }[name] ?? name;
  return `${field}: ${value.replaceAll(",", " ")}`;
}
