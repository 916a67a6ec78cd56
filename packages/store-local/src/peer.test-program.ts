// A process of its own, as tests start it under another user, in a container or without hints:
// `stand DIRECTORY ELECTION TTL` stands and renews, `watch DIRECTORY ELECTION` watches. It prints
// what happens, one JSON object a line, and ends with its standard input.
import { hasCode, MandateError } from "@mandate/election";
import type { Store } from "@mandate/election";

import { openStore } from "./local.ts";

const [mode, directory, election = "", ttl] = process.argv.slice(2);
const options = { signal: new AbortController().signal };
process.stdin.resume().on("end", () => process.exit());

try {
  const store = await openStore({ directory });
  if (mode === "stand") await stand(store, Number(ttl));
  else await watch(store);
} catch (error) {
  if (!(error instanceof MandateError)) throw error;
  say({ error: error.code });
  process.exit();
}

async function stand(store: Store, ttlMs: number): Promise<void> {
  const session = await store.openSession({ ttlMs }, options);
  const { claim } = await session.stand({ election, registration: "" }, options);
  say({ term: `${claim.term}`, pid: process.pid });
  setInterval(() => {
    session.renew(options).catch((error: unknown) => {
      if (!hasCode(error, "SESSION_LOST")) throw error;
      say({ error: error.code });
      process.exit();
    });
  }, ttlMs / 3);
}

async function watch(store: Store): Promise<void> {
  for await (const { claims } of store.watch(election, options)) say({ claims: claims.length });
}

function say(what: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
