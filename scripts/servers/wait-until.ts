import { setTimeout as sleep } from "node:timers/promises";

/** What to wait for, for how long. */
export interface WaitUntilOptions {
  /** What is waited for, for the error's message. */
  readonly what: string;
  /** @defaultValue 10_000 */
  readonly timeoutMs?: number;
}

/** Asks again and again until the answer is yes. Throws when that takes too long. */
export async function waitUntil(
  ask: () => boolean | Promise<boolean>,
  { what, timeoutMs = 10_000 }: WaitUntilOptions,
): Promise<void> {
  const endAtMs = performance.now() + timeoutMs;
  while (!(await ask())) {
    if (performance.now() > endAtMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(10);
  }
}
