import { MandateError } from "@mandate/election";

/** The command line, or a setting in the environment, cannot be used. */
export function usageError(message: string): MandateError {
  return new MandateError(message, { code: "INVALID_OPTIONS", applied: "no" });
}
