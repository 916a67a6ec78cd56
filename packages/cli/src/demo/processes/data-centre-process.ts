// The program of a data centre's process.
import { setTimeout as sleep } from "node:timers/promises";
import { type Election, hasCode, type Mandate, MandateError, openSession } from "@mandate/election";
import { startHttpService } from "../http-service.ts";
import { monotonicMs } from "../monotonic.ts";
import { entryOf, type JournalWriter, onElectionEvent, openJournal } from "./journal-writer.ts";
import { LedgerClient } from "./ledger-client.ts";
import type { DataCentreMessage, DataCentreOrders, DataCentreSettings } from "./messages.ts";
import { OrderDesk } from "./order-desk.ts";
import { linkWithParent } from "./parent-link.ts";

const parent = linkWithParent<DataCentreOrders, DataCentreMessage>();
const closing = new AbortController();

parent.listen((orders) => {
  if (orders.kind === "close") closing.abort();
  else void run(orders);
});

async function run(settings: DataCentreSettings): Promise<void> {
  try {
    await serve(settings);
    parent.end();
  } catch (error) {
    if (closing.signal.aborted) return parent.end();
    const code = error instanceof MandateError ? error.code : undefined;
    parent.end({ kind: "failed", code, message: messageOf(error) });
  }
}

async function serve(settings: DataCentreSettings): Promise<void> {
  const { candidateId, election: name, ledgerUrl, region, store, ttlMs } = settings;
  const journal = openJournal(settings.journalFile);
  onElectionEvent((event) => {
    const entry = entryOf(event);
    if (entry !== undefined) journal.write(entry);
    if (event.type === "elected")
      parent.send({ kind: "elected", term: event.term, atMs: event.atMs });
    if (event.type === "draining") {
      parent.send({ kind: "draining", term: event.term, reason: event.reason });
    }
    if (event.type === "overrun")
      parent.send({ kind: "note", text: "its work outlives its mandate" });
  });

  let leader: { readonly id: string; readonly url?: string } | undefined;
  const ledger = new LedgerClient(ledgerUrl);
  const leaderUrl = (): string | undefined =>
    leader?.id === candidateId ? undefined : leader?.url;
  const desk = new OrderDesk({ ledger, leaderUrl });
  const service = await startHttpService(
    (request) => desk.answer(request),
    (error) => process.stderr.write(`${messageOf(error)}\n`),
  );
  const candidate = { id: candidateId, region, url: service.url };
  const session = await openSession(store, {
    ttlMs,
    candidate,
    openTimeoutMs,
    signal: closing.signal,
  });
  const election = session.election(name);
  parent.send({ kind: "listening", url: service.url });

  const { signal } = closing;
  const standing = forEver(signal, () =>
    election.lead(lead({ desk, journal, ledger }), { signal }),
  );
  const observing = forEver(signal, () => observe(election, (next) => (leader = next)));
  await Promise.all([standing, observing]);
  await session.close();
  await service.close();
}

/** The leader's work: to take orders until its mandate ends. */
function lead(parts: {
  readonly desk: OrderDesk;
  readonly journal: JournalWriter;
  readonly ledger: LedgerClient;
}): (mandate: Mandate) => Promise<void> {
  const { desk, journal, ledger } = parts;
  return async (mandate) => {
    const term = BigInt(mandate.toJSON().term);
    try {
      const { lastSequence } = await ledger.takeOver(mandate);
      mandate.check();
      desk.open(mandate);
      parent.send({ kind: "serving", term, lastSequence });
      await aborted(mandate.signal);
    } finally {
      await desk.close();
      journal.write({ type: "work-settled", atMs: monotonicMs(), term });
    }
  };
}

async function observe(
  election: Election,
  onLeader: (leader: { readonly id: string; readonly url?: string } | undefined) => void,
): Promise<void> {
  for await (const { leader } of election.observe({ signal: closing.signal })) {
    onLeader(leader?.candidate);
  }
}

/** Runs again what has failed or ended, until `signal` aborts. */
async function forEver(signal: AbortSignal, run: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    try {
      await run();
    } catch (error) {
      if (signal.aborted) return;
      const reason = hasCode(error, "MANDATE_LOST") ? "its mandate was lost" : messageOf(error);
      parent.send({ kind: "note", text: reason });
      await sleep(retryMs, undefined, { signal }).catch(() => {
        // Only the signal ends this early; the loop sees it.
      });
    }
  }
}

const retryMs = 250;
/** Patient: what runs beside the demo may keep the machine busy. */
const openTimeoutMs = 25_000;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
