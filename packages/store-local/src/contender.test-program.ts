// One of several processes that use a store as fast as they can: `DIRECTORY ELECTION`. It says each
// call that it made, and at "end" its journal: when it led, as a leader that keeps to the rules.
import { hasCode } from "@mandate/election";
import type { CallOptions, Store, StoreSession } from "@mandate/election";

import type { FromContender, Reign } from "./contender.test-support.ts";
import { openStore } from "./local.ts";

const TTL_MS = 1_500;
/** How long before the end of its lease a leader stops; all clocks here are one. */
const MARGIN_MS = 10;
/** Long enough that many are stopped while they lead. */
const REIGN_MS = 4;

const [directory, election = ""] = process.argv.slice(2);
const options: CallOptions = { signal: new AbortController().signal };
const reigns: Reign[] = [];
let ending = false;
process.on("message", () => {
  ending = true;
});
process.on("disconnect", () => process.exit());

const store = await openStore({ directory });
for (let round = 0; !ending; round++) {
  try {
    await contend(store, round);
  } catch (error) {
    // It was stopped for longer than its TTL.
    if (!hasCode(error, "SESSION_LOST")) throw error;
    say({ kind: "lost" });
  }
}
say({ kind: "journal", reigns });
process.disconnect();

async function contend(store: Store, round: number): Promise<void> {
  let validUntilUs = nowUs() + (TTL_MS - MARGIN_MS) * 1000;
  const session = await store.openSession({ ttlMs: TTL_MS }, options);
  for (let turn = 0; turn < 50 && !ending; turn++) {
    const sentUs = nowUs();
    await session.renew(options);
    validUntilUs = sentUs + (TTL_MS - MARGIN_MS) * 1000;
    say({ kind: "done" });
    await stand(session, validUntilUs);
    if (turn % 10 === 0) await writeControl(`${round}.${turn}`);
  }
  await session.close(options);
}

async function stand(session: StoreSession, validUntilUs: number): Promise<void> {
  const { claim } = await session.stand({ election, registration: "waits" }, options);
  say({ kind: "done" });
  for (let look = 0; look < 3; look++) {
    const { claims } = await store.read(election, options);
    say({ kind: "done" });
    if (claims[0]?.term !== claim.term) continue;
    if (claims[0].sessionId !== session.id) throw new Error(`term ${claim.term} was given twice`);
    await reign(claim.term, validUntilUs);
    await session.update({ claim, registration: "leads" }, options);
    await reign(claim.term, validUntilUs);
    break;
  }
  await session.withdraw(claim, options);
  say({ kind: "done" });
}

/** Works for a while, checking its mandate before each step. */
async function reign(term: bigint, validUntilUs: number): Promise<void> {
  const fromUs = nowUs();
  let toUs = fromUs;
  while (toUs < fromUs + REIGN_MS * 1000) {
    const checkedUs = nowUs();
    if (checkedUs >= validUntilUs) break;
    toUs = checkedUs;
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (fromUs < validUntilUs) reigns.push({ term, fromUs, toUs });
}

async function writeControl(text: string): Promise<void> {
  const { control } = await store.read(election, options);
  await store.writeControl({ election, text, expectedVersion: control?.version }, options);
  say({ kind: "done" });
}

function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

function say(message: FromContender): void {
  process.send?.(message);
}
