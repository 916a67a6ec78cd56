import { subscribe } from "node:diagnostics_channel";
import { openSync, writeSync } from "node:fs";
import { ELECTION_CHANNEL, type ElectionEvent } from "@mandate/election";
import { type JournalEntry, journalLine } from "../audit/journal.ts";

/** Notes down what happens to this process's mandates. */
export interface JournalWriter {
  write(entry: JournalEntry): void;
}

/**
 * Opens the journal in a file of its own. An entry is with the kernel when `write` returns, before
 * whatever follows from it: a process that is killed the moment after has said it.
 */
export function openJournal(file: string): JournalWriter {
  const descriptor = openSync(file, "a", 0o600);
  return {
    write(entry) {
      writeSync(descriptor, journalLine(entry));
    },
  };
}

/** Calls `handle` inside of each decision about an election, before anything follows from it. */
export function onElectionEvent(handle: (event: ElectionEvent) => void): void {
  subscribe(ELECTION_CHANNEL, (message) => handle(message as ElectionEvent));
}

/** The journal's entry for an event; undefined for one that says nothing about a mandate. */
export function entryOf(event: ElectionEvent): JournalEntry | undefined {
  const { atMs } = event;
  switch (event.type) {
    case "elected":
      return { type: "elected", atMs, term: event.term, validUntilMs: event.validUntilMs };
    case "session-renewed":
      return { type: "session-renewed", atMs, validUntilMs: event.validUntilMs };
    case "draining": {
      const { term, reason, validUntilMs } = event;
      return { type: "draining", atMs, term, reason, validUntilMs };
    }
    case "ended":
      return { type: "ended", atMs, term: event.term, reason: event.reason };
    default:
      return undefined;
  }
}
