/** Whether an error says that a file, program or process does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && missing.has(error.code);
}

const missing: ReadonlySet<unknown> = new Set(["ENOENT", "ESRCH"]);
