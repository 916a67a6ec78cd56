/**
 * What a data centre notes down, one line of JSON each, in its own file, before it does anything
 * else. Times are those of the monotonic clock that the machine's processes share, in milliseconds.
 */
export type JournalEntry =
  | {
      readonly type: "elected";
      readonly atMs: number;
      readonly term: bigint;
      readonly validUntilMs: number;
    }
  /** All mandates that the process holds are valid until then. */
  | { readonly type: "session-renewed"; readonly atMs: number; readonly validUntilMs: number }
  | {
      readonly type: "draining";
      readonly atMs: number;
      readonly term: bigint;
      readonly reason: string;
      readonly validUntilMs: number;
    }
  /** The leader's work has ended: it uses its mandate no more. */
  | { readonly type: "work-settled"; readonly atMs: number; readonly term: bigint }
  | {
      readonly type: "ended";
      readonly atMs: number;
      readonly term: bigint;
      readonly reason: string;
    };

/** The journal of one run of one data centre. */
export interface Journal {
  readonly candidateId: string;
  readonly entries: readonly JournalEntry[];
  /** When the process was killed; undefined when it ended in order. */
  readonly diedAtMs: number | undefined;
}

/** An entry as a line of the file. */
export function journalLine(entry: JournalEntry): string {
  const text = JSON.stringify(entry, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  return `${text}\n`;
}

/**
 * Reads a journal's file. A last line without an end was being written when the process died, and
 * is left out.
 * @throws SyntaxError, TypeError for what is no journal
 */
export function parseJournal(text: string): readonly JournalEntry[] {
  return text.split("\n").slice(0, -1).map(parseEntry);
}

function parseEntry(line: string): JournalEntry {
  const raw = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const { type } = raw;
  const atMs = timeIn(raw, "atMs");
  if (type === "session-renewed") return { type, atMs, validUntilMs: timeIn(raw, "validUntilMs") };
  const term = BigInt(String(raw["term"]));
  const reason = String(raw["reason"]);
  switch (type) {
    case "elected":
      return { type, atMs, term, validUntilMs: timeIn(raw, "validUntilMs") };
    case "draining":
      return { type, atMs, term, reason, validUntilMs: timeIn(raw, "validUntilMs") };
    case "work-settled":
      return { type, atMs, term };
    case "ended":
      return { type, atMs, term, reason };
    default:
      throw new TypeError(`a journal has no entries of type ${String(type)}`);
  }
}

function timeIn(raw: Readonly<Record<string, unknown>>, name: string): number {
  const value = raw[name];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new TypeError(`a journal's entry has no ${name}`);
}
