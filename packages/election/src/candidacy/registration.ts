/** A process that stands in an election, as it describes itself. */
export interface Candidate {
  /** Unique among the candidates that are told apart by it, such as a host's name. */
  readonly id: string;
  /** Where others reach it. */
  readonly url?: string;
  readonly region?: string;
  /** Larger is preferred. @defaultValue 0 */
  readonly priority?: number;
}

/** What a claim says of its candidate. */
export interface Registration {
  readonly candidate: Candidate;
  readonly healthy: boolean;
  /** Tells the attempts of one session apart, so that an ambiguous answer can be resolved (S6). */
  readonly attemptId: string;
}

const FORMAT = 1;

/** The text that goes to the store with a claim; observers of other languages see it as it is. */
export function encodeRegistration({ candidate, healthy, attemptId }: Registration): string {
  return JSON.stringify({ mandate: FORMAT, ...candidate, healthy, attempt: attemptId });
}

/** Undefined for a text that is not ours: a foreign program's claim. */
export function decodeRegistration(text: string): Registration | undefined {
  if (!text.startsWith('{"mandate":')) return undefined;
  const raw = parse(text);
  if (raw?.["mandate"] !== FORMAT || typeof raw["id"] !== "string") return undefined;
  const candidate = {
    id: raw["id"],
    ...(typeof raw["url"] === "string" ? { url: raw["url"] } : {}),
    ...(typeof raw["region"] === "string" ? { region: raw["region"] } : {}),
    ...(typeof raw["priority"] === "number" ? { priority: raw["priority"] } : {}),
  };
  return { candidate, healthy: raw["healthy"] === true, attemptId: String(raw["attempt"]) };
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    // A foreign program may register any text it likes; it is shown, not understood.
    return undefined;
  }
}
