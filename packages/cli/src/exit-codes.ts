import type { MandateErrorCode } from "@mandate/election";

/** What the command's exit code says. The numbers are public and stay. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  store: 3,
  leader: 4,
  notSupported: 5,
  timeout: 6,
  badReport: 7,
} as const;

/** For the help: each exit code with its meaning. */
export const exitCodeMeanings: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "done"],
  ["1", "an internal failure"],
  ["2", "wrong usage: an option, name or store URL that cannot be used, or too old a Node.js"],
  ["3", "the store cannot be reached, denies access, or cannot be trusted"],
  ["4", "nobody leads, no such candidate stands, or another one took over"],
  ["5", "the store, or the program that leads, cannot do this"],
  ["6", "not done in time"],
  ["7", "the demo's report is bad: two leaders, or orders written twice or lost"],
  ["130, 143", "interrupted by SIGINT, by SIGTERM; observe and demo end by them as they should"],
];

/** The exit code for an error's code. */
export function exitCodeOf(code: MandateErrorCode): number {
  return exitCodes[kinds[code]];
}

const kinds: Readonly<Record<MandateErrorCode, keyof typeof exitCodes>> = {
  INVALID_OPTIONS: "usage",
  INVALID_NAME: "usage",
  UNKNOWN_STORE: "usage",
  TTL_BELOW_FLOOR: "usage",
  STORE_UNAVAILABLE: "store",
  ACCESS_DENIED: "store",
  TLS_FAILED: "store",
  STORE_UNSUITABLE: "store",
  SESSION_LOST: "store",
  TERM_REGRESSED: "store",
  FORMAT_UNSUPPORTED: "store",
  NO_LEADER: "leader",
  UNKNOWN_CANDIDATE: "leader",
  NOT_SUPPORTED: "notSupported",
  TIMEOUT: "timeout",
  CONFLICT: "timeout",
  MANDATE_LOST: "failure",
  STALE_TERM: "failure",
  ALREADY_STANDING: "failure",
  CLOSED: "failure",
};
