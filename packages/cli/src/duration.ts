import { usageError } from "./usage-error.ts";

/** What to read, and what the reader is told when it cannot be. */
export interface DurationOptions {
  /** The option's name, such as `--for`. */
  readonly option: string;
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * Reads `500ms`, `5s`, `1.5m` or `1h`, in milliseconds.
 * @throws `INVALID_OPTIONS`
 */
export function parseDuration(text: string, { option, minMs, maxMs }: DurationOptions): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const durationMs = Math.round(Number(amount) * unitMs(unit));
  if (durationMs >= minMs && durationMs <= maxMs) return durationMs;
  throw usageError(
    `${option} is ${JSON.stringify(text)}: give a time from ${formatDuration(minMs)} to ` +
      `${formatDuration(maxMs)}, such as 500ms, 5s or 2m`,
  );
}

/** A duration for people: `230 ms`, `2.3 s`, `12 s`, `3 min 05 s`, `2 h 05 min`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 9_950) return `${Number((durationMs / 1_000).toFixed(1))} s`;
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return withRest(`${minutes} min`, seconds % 60, "s");
  return withRest(`${Math.floor(minutes / 60)} h`, minutes % 60, "min");
}

function withRest(whole: string, rest: number, unit: string): string {
  return rest === 0 ? whole : `${whole} ${String(rest).padStart(2, "0")} ${unit}`;
}

function unitMs(unit: string | undefined): number {
  if (unit === "ms") return 1;
  if (unit === "s") return 1_000;
  return unit === "m" ? 60_000 : 3_600_000;
}
