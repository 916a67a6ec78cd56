import { constants } from "node:os";

/** What a command's signal is aborted with when the program is told to end. */
export class Interruption extends Error {
  override readonly name: string = "Interruption";
  /** What a shell expects of a program that ended this way. */
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Aborts once the program is told to end. */
export interface Interruptions {
  readonly signal: AbortSignal;
  /** The reader of our output has gone away: nothing is left to do. */
  readonly readerGone: () => void;
}

/**
 * One Ctrl-C can come twice: from the terminal, and from the program (npm) that started this one.
 */
const sameSignalMs = 500;

/**
 * Listens for SIGINT, SIGTERM and SIGHUP. The second one ends the process at once: whoever is in a
 * hurry need not wait for an orderly end.
 */
export function listenForInterruptions(): Interruptions {
  const stop = new AbortController();
  let firstAtMs = Infinity;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const exitCode = 128 + constants.signals[name];
    process.on(name, () => {
      if (performance.now() - firstAtMs > sameSignalMs) process.exit(exitCode);
      firstAtMs = Math.min(firstAtMs, performance.now());
      stop.abort(new Interruption(`interrupted by ${name}`, exitCode));
    });
  }
  return {
    signal: stop.signal,
    readerGone: () => stop.abort(new Interruption("nobody reads the output any more", 0)),
  };
}
