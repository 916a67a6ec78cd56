import { MandateError } from "@mandate/election";

/** The code of an error of the operating system (`ENOENT`, …), undefined for any other. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof MandateError) return undefined;
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** True when `error` is an error of the operating system with one of the codes. */
export function hasSystemCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = systemCode(error);
  return code !== undefined && codes.includes(code);
}

/** What is left of `error` once it is known not to be one of these: rethrows all others. */
export function ignore(error: unknown, ...codes: readonly string[]): undefined {
  if (!hasSystemCode(error, ...codes)) throw error;
  return undefined;
}

/** Translates an error of the file system once, at the store's edge; others go as they are. */
export function translate(error: unknown, doing: string): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  const advice = ADVICE[code];
  return new MandateError(
    `${doing} failed with ${code}: ${advice ?? "look at the folder and its disk"}`,
    { code: isDenied(code) ? "ACCESS_DENIED" : "STORE_UNAVAILABLE", cause: error },
  );
}

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: "this user may not use the folder: run as its owner, or name another one",
  EPERM: "this user may not use the folder: run as its owner, or name another one",
  ENOSPC: "the disk is full: make room",
  EDQUOT: "the user's quota is used up: make room",
  EROFS: "the disk is mounted read-only: mount it for writing, or name another folder",
  EMFILE: "this process has too many open files: raise its limit (ulimit -n)",
  ENFILE: "the machine has too many open files: raise fs.file-max",
  EIO: "the disk has errors: look at the kernel's log",
  ENOENT: "the folder is not there, or no longer: look at its path, and start again",
};

function isDenied(code: string): boolean {
  return code === "EACCES" || code === "EPERM";
}
