import { RpcFailure } from "./rpc-failure.ts";

/**
 * Waits for `promise`, which others may be waiting for too and which goes on, for at most
 * `deadlineMs` milliseconds and until `signal` aborts.
 * @throws RpcFailure of kind `deadline` (nothing was sent), the signal's reason, or what `promise`
 * rejects with
 */
export function settleBefore<Value>(
  promise: Promise<Value>,
  options: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<Value> {
  const { deadlineMs, signal } = options;
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      end();
    };
    const aborted = (): void => settle(() => reject(signal.reason));
    const timer = setTimeout(() => {
      const message = `not ready to be asked in ${Math.round(deadlineMs)} ms`;
      settle(() => reject(new RpcFailure(message, { kind: "deadline", applied: "no" })));
    }, deadlineMs);
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
    if (signal.aborted) aborted();
  });
}
