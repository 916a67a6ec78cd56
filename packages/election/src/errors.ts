/**
 * What went wrong, as a closed set that callers match on. Codes are public API.
 *
 * | code | meaning |
 * |---|---|
 * | `INVALID_OPTIONS` | an option, URL or argument cannot be used; the message says which and why |
 * | `INVALID_NAME` | an election or candidate name is empty, too long or has unusual characters |
 * | `UNKNOWN_STORE` | a store URL has a scheme that no store serves |
 * | `TTL_BELOW_FLOOR` | `ttlMs` is less than what the store can keep |
 * | `STORE_UNAVAILABLE` | the store cannot be reached or refuses to work |
 * | `TIMEOUT` | the store did not answer within the call's deadline |
 * | `ACCESS_DENIED` | wrong or missing credentials, or too few rights |
 * | `TLS_FAILED` | a certificate is expired, untrusted or for another name |
 * | `STORE_UNSUITABLE` | the place cannot hold an election safely (a network file system, say) |
 * | `SESSION_LOST` | the store says that the session is gone |
 * | `MANDATE_LOST` | the mandate is no longer valid: stop the work |
 * | `STALE_TERM` | a fence has seen a greater term: another leader took over |
 * | `TERM_REGRESSED` | the store gives terms below one already seen: it was restored or replaced |
 * | `ALREADY_STANDING` | this session already stands in this election |
 * | `NO_LEADER` | the request needs a leader and there is none |
 * | `UNKNOWN_CANDIDATE` | no candidate with that id stands in the election |
 * | `NOT_SUPPORTED` | the store, or a foreign program that leads, cannot do this |
 * | `CONFLICT` | somebody else changed the record at the same time, again and again |
 * | `FORMAT_UNSUPPORTED` | a record was written by a newer version: upgrade this program |
 * | `CLOSED` | used after `close()` |
 */
export type MandateErrorCode =
  | "INVALID_OPTIONS"
  | "INVALID_NAME"
  | "UNKNOWN_STORE"
  | "TTL_BELOW_FLOOR"
  | "STORE_UNAVAILABLE"
  | "TIMEOUT"
  | "ACCESS_DENIED"
  | "TLS_FAILED"
  | "STORE_UNSUITABLE"
  | "SESSION_LOST"
  | "MANDATE_LOST"
  | "STALE_TERM"
  | "TERM_REGRESSED"
  | "ALREADY_STANDING"
  | "NO_LEADER"
  | "UNKNOWN_CANDIDATE"
  | "NOT_SUPPORTED"
  | "CONFLICT"
  | "FORMAT_UNSUPPORTED"
  | "CLOSED";

/** How {@link MandateError} is made. */
export interface MandateErrorOptions {
  readonly code: MandateErrorCode;
  readonly cause?: unknown;
  /**
   * Whether the request that failed may still have been, or may yet be, carried out by the store.
   * @defaultValue "unknown"
   */
  readonly applied?: "no" | "unknown";
}

const brand = Symbol.for("mandate.error");

/**
 * The one error class of Mandate. Match on `code`; `instanceof` works across duplicate installs.
 * An abort is not an error of ours: what a caller's `signal` was aborted with is rethrown as it is.
 */
export class MandateError extends Error {
  override readonly name: string = "MandateError";
  readonly code: MandateErrorCode;
  /** `"no"` when the store surely did not do what was asked, else `"unknown"`. */
  readonly applied: "no" | "unknown";
  readonly [brand]: true = true;

  constructor(message: string, options: MandateErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.applied = options.applied ?? "unknown";
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && brand in value;
  }
}

/** True when `error` is a {@link MandateError} with one of the given codes. */
export function hasCode(
  error: unknown,
  ...codes: readonly MandateErrorCode[]
): error is MandateError {
  return error instanceof MandateError && codes.includes(error.code);
}
