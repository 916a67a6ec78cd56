/**
 * A server's program is not on this machine, and could not be got. The message says how to get it.
 */
export class MissingServerError extends Error {
  override readonly name = "MissingServerError";
}
