/**
 * Settles as `work` does, or rejects with the signal's reason as soon as it aborts: a disk that
 * hangs must not hold its caller. The work itself goes on, and whoever started it looks after it.
 */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(asError(signal.reason));
    };
    const settled = (): void => {
      signal.removeEventListener("abort", onAbort);
    };
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    work.then(resolve, reject).then(settled, settled);
  });
}

/** Resolves after `delayMs`. Rejects with the signal's reason when it aborts before that. */
export function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, delayMs);
  });
  return abortable(passed, signal).finally(() => {
    clearTimeout(timer);
  });
}

function asError(reason: unknown): Error {
  // What a caller aborted with goes back as it is, even if it is no Error.
  return reason as Error;
}
