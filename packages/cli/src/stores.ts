import { MandateError, type StoreDescription } from "@mandate/election";

/** How to turn a URL into a store, and what the URL looks like. */
interface StoreScheme {
  readonly form: string;
  readonly summary: string;
  readonly describe: (url: string, environment: Environment) => Promise<StoreDescription>;
}

type Environment = Readonly<Record<string, string | undefined>>;

// Each store is loaded when it is asked for: none of them slows down a command that needs another.
const etcdScheme: StoreScheme = {
  form: "etcd[s]://HOST:PORT,…[/PREFIX]",
  summary: "etcd, 3.4 or newer",
  async describe(url, environment) {
    const { etcd, parseEtcdUrl } = await import("@mandate/store-etcd");
    return etcd(parseEtcdUrl(url, { environment }));
  },
};

const localScheme: StoreScheme = {
  form: "local:[DIRECTORY]",
  summary: "the processes of this machine; nothing to install",
  async describe(url) {
    const { parseLocalUrl } = await import("@mandate/store-local");
    return parseLocalUrl(url);
  },
};

const schemes: ReadonlyMap<string, StoreScheme> = new Map([
  ["local", localScheme],
  ["etcd", etcdScheme],
  ["etcds", etcdScheme],
]);

/** For the help: the forms of store URLs, each with what it names. */
export const storeForms: readonly (readonly [form: string, summary: string])[] = [
  localScheme,
  etcdScheme,
].map(({ form, summary }) => [form, summary]);

/**
 * The store that a URL names.
 * @throws `UNKNOWN_STORE`, which lists the known ones; `INVALID_OPTIONS`
 */
export async function describeStore(
  url: string,
  environment: Environment,
): Promise<StoreDescription> {
  const [, name] = /^([a-z][a-z0-9+.-]*):/i.exec(url) ?? [];
  const scheme = schemes.get(name?.toLowerCase() ?? "");
  if (scheme !== undefined) return scheme.describe(url, environment);
  const forms = storeForms.map(([form]) => form).join(", ");
  // The URL is not repeated: it may hold a password.
  const named =
    name === undefined ? "the store's URL has no scheme" : `no store is called ${name}:`;
  throw new MandateError(`${named}; use one of ${forms}`, { code: "UNKNOWN_STORE", applied: "no" });
}
