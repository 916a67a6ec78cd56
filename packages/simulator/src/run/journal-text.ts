import type { JournalEntry } from "../world/journal.ts";

/** A line for people, of one journal entry; the same for the same entry on every machine. */
export function journalText(entry: JournalEntry, atMs: number): string {
  return `${atMs.toFixed(3).padStart(12)}  ${describe(entry)}`;
}

function describe(entry: JournalEntry): string {
  switch (entry.kind) {
    case "event": {
      const { type, candidateId: _, ...rest } = entry.event;
      return `p${entry.process} ${type} ${plain(rest)}`;
    }
    case "seen": {
      const { snapshot, process, source, election } = entry;
      const claims = snapshot.claims.map(
        ({ term, sessionId }) => `${term}@${sessionId.slice(0, 4)}`,
      );
      const at = `${election} (${source}) at ${snapshot.revision}`;
      return `p${process} sees ${at}: ${claims.join(" ")}`;
    }
    case "claim-added":
    case "claim-updated":
    case "claim-removed": {
      const { kind, claim, ...rest } = entry;
      const { election, term, sessionId, registration } = claim;
      const text = `${election} ${term}@${sessionId.slice(0, 4)} ${registration}`;
      return `store: ${kind} ${text} ${plain({ ...rest, requester: undefined })}`;
    }
    case "fault":
      return `fault: ${entry.text}`;
    default: {
      const { kind, ...rest } = entry;
      return `${kind} ${plain(rest)}`;
    }
  }
}

function plain(value: object): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === "bigint") return each.toString();
    if (each instanceof Error) return each.message;
    return each;
  });
}
