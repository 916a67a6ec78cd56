import { withDeadline } from "../time/deadline.ts";
import { MandateError } from "../errors.ts";
import { checkName } from "../names.ts";
import { ElectionOperator } from "./operator.ts";
import type { SessionParts } from "../session/session.ts";
import { connectStore } from "../session/store-loader.ts";
import type { Store, StoreDescription } from "../store.ts";
import { systemClock, systemRandom } from "../time/system-clock.ts";
import { TermMemory } from "../session/term-memory.ts";

/** How an {@link Operator} reaches its store. */
export interface OperatorOptions {
  /** As in the candidates' session options. @defaultValue 0n */
  readonly termFloor?: bigint | undefined;
  /** The deadline of each call, in milliseconds. @defaultValue 5_000 */
  readonly callTimeoutMs?: number | undefined;
}

/** A store seen by somebody who stands in no election: a person, a dashboard, a proxy. */
export interface Operator extends AsyncDisposable {
  /** @throws `INVALID_NAME`, `CLOSED` */
  election(name: string): ElectionOperator;
  close(): Promise<void>;
}

/**
 * Connects to a store to observe and to operate elections, without a session.
 * @throws `UNKNOWN_STORE`, `INVALID_OPTIONS`, and what the store throws
 */
export async function openOperator(
  store: Store | StoreDescription,
  options: OperatorOptions = {},
  parts: Pick<SessionParts, "clock" | "random"> = {},
): Promise<Operator> {
  const { termFloor = 0n, callTimeoutMs = 5_000 } = options;
  const owned = "module" in store;
  const connected = owned ? await connectStore(store) : store;
  const clock = parts.clock ?? systemClock;
  const access = {
    clock,
    random: parts.random ?? systemRandom,
    store: connected,
    terms: new TermMemory(termFloor),
    call: <T>(what: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> =>
      withDeadline(clock, { what, deadlineMs: callTimeoutMs }, run),
  };
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= owned ? connected.close() : Promise.resolve());
  return {
    election(name) {
      checkName("election", name);
      if (closed === undefined) return new ElectionOperator(access, name);
      throw new MandateError("the operator is closed: open a new one", { code: "CLOSED" });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
