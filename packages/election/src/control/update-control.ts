import { backoffMs } from "../time/backoff.ts";
import type { Clock, Random } from "../time/clock.ts";
import { decodeControl, encodeControl, type ControlRecord } from "./control-record.ts";
import { pause } from "../time/deadline.ts";
import { MandateError } from "../errors.ts";
import type { ElectionSnapshot, Store } from "../store.ts";

/** So often a change is tried again when somebody else wrote in between. */
const MAX_ATTEMPTS = 10;

/** What a change of the control record needs. */
export interface ControlAccess {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  call<T>(what: string, run: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/**
 * Reads, changes and writes an election's control record, again when somebody else wrote in
 * between. `change` returns undefined when there is nothing to write.
 * @throws `CONFLICT`, `FORMAT_UNSUPPORTED`, and what the store throws
 */
export async function updateControl(
  access: ControlAccess,
  election: string,
  change: (record: ControlRecord, snapshot: ElectionSnapshot) => ControlRecord | undefined,
): Promise<void> {
  const { clock, random, store } = access;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (attempt > 0) {
      await pause(clock, backoffMs(random, attempt, 200), new AbortController().signal);
    }
    const snapshot = await access.call(`reading "${election}"`, (signal) =>
      store.read(election, { signal }),
    );
    const next = change(decodeControl(snapshot.control?.text), snapshot);
    if (next === undefined) return;
    const request = {
      election,
      text: encodeControl(next),
      expectedVersion: snapshot.control?.version,
    };
    const written = await access.call(`writing the control record of "${election}"`, (signal) =>
      store.writeControl(request, { signal }),
    );
    if (written) return;
  }
  throw new MandateError(
    `the control record of "${election}" was changed by others ${MAX_ATTEMPTS} times in a row: ` +
      "try again",
    { code: "CONFLICT" },
  );
}
