import { Agent } from "node:http";
import { join } from "node:path";
import type { LedgerEntry } from "./audit/ledger-audit.ts";
import { startNodeChild } from "./child.ts";
import type { DemoFolder } from "./demo-folder.ts";
import { callHttp } from "./http-call.ts";
import type { LedgerMessage, LedgerOrders } from "./processes/messages.ts";

/** The ledger's process, as the demo sees it. */
export interface RunningLedger {
  readonly url: string;
  /** All orders in it. */
  entries(): Promise<readonly LedgerEntry[]>;
  /** Kills it: what it has answered is on the disk. */
  close(): Promise<void>;
}

/** How to start the ledger. */
export interface LedgerOptions {
  readonly folder: DemoFolder;
  readonly election: string;
  /** Called for each write of an older term that it has refused. */
  readonly onStaleWrite: (term: string) => void;
  /** Called when it ends and was not told to. */
  readonly onCrash: (error: Error) => void;
}

const startTimeoutMs = 30_000;

/** Starts the ledger's process; resolves when it takes requests. */
export async function startLedger(options: LedgerOptions): Promise<RunningLedger> {
  const { folder, election } = options;
  const { promise: listening, resolve, reject } = Promise.withResolvers<string>();
  const child = startNodeChild<LedgerOrders, LedgerMessage>("ledger-process", {
    name: "ledger",
    folder,
    onMessage(message) {
      if (message.kind === "listening") resolve(message.url);
      else options.onStaleWrite(message.term);
    },
  });
  let closing = false;
  const close = async (): Promise<void> => {
    closing = true;
    child.kill();
    await child.ended;
  };
  void child.ended.then(() => {
    if (closing) return;
    const error = new Error(`the ledger ended:\n${child.logTail()}`);
    reject(error);
    options.onCrash(error);
  });
  child.send({ file: join(folder.path, "ledger.sqlite"), election });
  const late = setTimeout(() => reject(new Error("the ledger did not start")), startTimeoutMs);
  try {
    const url = await listening;
    return { url, close, entries: () => readEntries(url) };
  } catch (error) {
    await close();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

async function readEntries(url: string): Promise<readonly LedgerEntry[]> {
  const agent = new Agent();
  const answer = await callHttp({ url: `${url}/orders`, method: "GET", agent, timeoutMs: 60_000 });
  if (answer.status !== 200) throw new Error(`the ledger answered ${answer.status}`);
  const lines = answer.body.split("\n").slice(0, -1);
  return lines.map((line) => {
    const { orderId, sequence, term } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return { orderId: String(orderId), sequence: Number(sequence), term: BigInt(String(term)) };
  });
}
