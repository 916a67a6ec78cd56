import type { Clock } from "./clock.ts";
import { MandateError } from "../errors.ts";

/**
 * Runs one call with a deadline of its own. At the deadline it rejects, whether the call notices
 * the abort or not; an answer that comes later is nobody's.
 * @throws `TIMEOUT`
 */
export function withDeadline<T>(
  clock: Clock,
  { what, deadlineMs }: { readonly what: string; readonly deadlineMs: number },
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.setTimer(deadlineMs, () => {
      const error = new MandateError(`${what} got no answer within ${Math.round(deadlineMs)} ms`, {
        code: "TIMEOUT",
      });
      controller.abort(error);
      reject(error);
    });
    const answer = (async () => await call(controller.signal))();
    answer.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/** Resolves after `delayMs`, or at once when `signal` aborts. Never rejects. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.setTimer(delayMs, done);
    signal.addEventListener("abort", done);
  });
}
