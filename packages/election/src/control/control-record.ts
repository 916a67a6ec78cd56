import { MandateError } from "../errors.ts";

/** What people and leaders tell each other about an election; lies outside the election's keys. */
export interface ControlRecord {
  /** Nobody new leads; who leads now stays. */
  readonly paused: boolean;
  /** A wish that the leader of `term` gives up. Cleared by the next leader. */
  readonly request: ControlRequest | undefined;
  /** The last terms, oldest first. */
  readonly terms: readonly TermRecord[];
}

/** A wish addressed to the leader of one term. */
export interface ControlRequest {
  readonly kind: "resign" | "transfer";
  readonly term: bigint;
  /** The candidate that should lead next; with `transfer` only. */
  readonly to: string | undefined;
}

/** Who led, from when to when, in wall-clock time of the one that led. */
export interface TermRecord {
  readonly term: bigint;
  readonly candidateId: string;
  readonly startedAtMs: number;
  /** Undefined while it leads, and for ever when it could not say so: killed, or cut off. */
  readonly endedAtMs: number | undefined;
  readonly endReason: string | undefined;
}

export const EMPTY_CONTROL: ControlRecord = { paused: false, request: undefined, terms: [] };

/** So many terms are kept. */
export const MAX_TERMS = 100;

const FORMAT = 1;

export function encodeControl(record: ControlRecord): string {
  const { request } = record;
  return JSON.stringify({
    format: FORMAT,
    paused: record.paused,
    ...(request === undefined ? {} : { request: { ...request, term: request.term.toString() } }),
    terms: record.terms.map((entry) => ({ ...entry, term: entry.term.toString() })),
  });
}

/**
 * Reads a control record; no text at all is the empty record.
 * @throws `FORMAT_UNSUPPORTED` for one that a newer version wrote, or that is not ours.
 */
export function decodeControl(text: string | undefined): ControlRecord {
  if (text === undefined) return EMPTY_CONTROL;
  const raw = parseObject(text);
  if (raw["format"] !== FORMAT) {
    throw new MandateError(
      `the election's control record has format ${String(raw["format"])}, this version knows ` +
        `${FORMAT}: upgrade this program`,
      { code: "FORMAT_UNSUPPORTED" },
    );
  }
  const terms = Array.isArray(raw["terms"]) ? raw["terms"].map(decodeTerm) : [];
  return { paused: raw["paused"] === true, request: decodeRequest(raw["request"]), terms };
}

/** The record with these terms added or completed; the last {@link MAX_TERMS} are kept. */
export function withTerms(record: ControlRecord, added: readonly TermRecord[]): ControlRecord {
  const byTerm = new Map(record.terms.map((entry) => [entry.term, entry]));
  for (const entry of added) byTerm.set(entry.term, entry);
  const terms = [...byTerm.values()].toSorted((a, b) => (a.term < b.term ? -1 : 1));
  return { ...record, terms: terms.slice(-MAX_TERMS) };
}

function decodeRequest(raw: unknown): ControlRequest | undefined {
  if (!isObject(raw)) return undefined;
  const kind = raw["kind"] === "transfer" ? "transfer" : "resign";
  const to = typeof raw["to"] === "string" ? raw["to"] : undefined;
  return { kind, term: BigInt(String(raw["term"])), to };
}

function decodeTerm(raw: unknown): TermRecord {
  const entry = isObject(raw) ? raw : {};
  return {
    term: BigInt(String(entry["term"])),
    candidateId: String(entry["candidateId"]),
    startedAtMs: Number(entry["startedAtMs"]),
    endedAtMs: typeof entry["endedAtMs"] === "number" ? entry["endedAtMs"] : undefined,
    endReason: typeof entry["endReason"] === "string" ? entry["endReason"] : undefined,
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch (cause) {
    throw new MandateError("the election's control record is not readable: it is not JSON", {
      code: "FORMAT_UNSUPPORTED",
      cause,
    });
  }
  throw new MandateError("the election's control record is not readable: it is no JSON object", {
    code: "FORMAT_UNSUPPORTED",
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
