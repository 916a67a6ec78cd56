import { parseRecord } from "../folder/files.ts";
import type { ProcessIdentity } from "../machine/machine.ts";

/** What a session's file says. It never changes; the file's name says how long the lease is. */
export interface SessionRecord {
  readonly process: ProcessIdentity;
  readonly ttlMs: number;
}

/** A session as it is on the disk. */
export interface OpenSession {
  /** Undefined when a power failure left nothing readable: it is of an earlier boot. */
  readonly record: SessionRecord | undefined;
  /** The end of its lease, in µs of the monotonic clock of its process. */
  readonly untilUs: number;
}

/**
 * - `live`: its lease runs, as far as a clock can tell; whether its process lives is asked apart
 * - `ended`: nothing can renew it any more, or its lease has run out
 * - `unknown`: its process counts time on another clock
 */
export type Verdict = "live" | "ended" | "unknown";

/** How much the end of a lease may lie beyond a TTL from now before it is of an earlier boot. */
const SLACK_US = 1_000_000;

/** Judges a session by its lease. */
export function judgeLease(
  { record, untilUs }: OpenSession,
  self: ProcessIdentity,
  nowUs: number,
): Verdict {
  if (record === undefined) return "ended";
  if (record.process.timeNamespace !== self.timeNamespace) return "unknown";
  if (untilUs <= nowUs) return "ended";
  // Another boot's clock began elsewhere. Its id alone proves nothing: some containers see one of
  // their own. A lease that this clock can have given is waited out.
  const possible = untilUs <= nowUs + record.ttlMs * 1000 + SLACK_US;
  return possible || record.process.bootId === self.bootId ? "live" : "ended";
}

/** Whether pids and clocks mean the same to both processes. */
export function sameKernel(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return (
    a.bootId === b.bootId &&
    a.pidNamespace === b.pidNamespace &&
    a.timeNamespace === b.timeNamespace
  );
}

/** The name of a lease's file: when it runs out, in µs of the machine's monotonic clock. */
export function leaseName(untilUs: number): string {
  return `${untilUs}`;
}

/** When the lease of that name runs out; undefined when the file is no lease. */
export function parseLease(name: string): number | undefined {
  return /^\d{1,15}$/.test(name) ? Number(name) : undefined;
}

export function encodeSession({ process, ttlMs }: SessionRecord): string {
  return JSON.stringify({ ...process, ttlMs });
}

/** Reads what {@link encodeSession} wrote; undefined when it is not whole. */
export function decodeSession(text: string): SessionRecord | undefined {
  const { pid, startTime, bootId, pidNamespace, timeNamespace, ttlMs } = parseRecord(text) ?? {};
  if (typeof pid !== "number" || typeof ttlMs !== "number") return undefined;
  if (typeof startTime !== "string" || typeof bootId !== "string") return undefined;
  if (typeof pidNamespace !== "string" || typeof timeNamespace !== "string") return undefined;
  return { process: { pid, startTime, bootId, pidNamespace, timeNamespace }, ttlMs };
}
