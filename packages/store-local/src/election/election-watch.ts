import type { ElectionSnapshot } from "@mandate/election";

import { abortable } from "../abortable.ts";
import { watchFolder } from "./folder-hint.ts";
import type { SessionMonitor } from "../session/session-monitor.ts";
import type { ElectionView, SnapshotReader } from "./snapshot-reader.ts";
import type { StoreFolder } from "../folder/store-folder.ts";

/** What {@link watchElection} needs. */
export interface ElectionWatchOptions {
  readonly folder: StoreFolder;
  readonly reader: SnapshotReader;
  readonly monitor: SessionMonitor;
  /** How long to wait for a hint before looking all the same; `hinted`: hints can come. */
  readonly patienceMs: (hinted: boolean) => number;
  readonly signal: AbortSignal;
}

/** An election as it changes: hints say when to look, and each look reads it anew. */
export async function* watchElection(
  options: ElectionWatchOptions,
): AsyncGenerator<ElectionSnapshot, never, undefined> {
  const { reader, patienceMs, signal } = options;
  const hints = new ElectionHints(options);
  let last: string | undefined;
  try {
    for (;;) {
      // Before the read: what changes during it is looked at again.
      hints.clear();
      const view = await abortable(reader.read(), signal);
      if (hints.aimAt(view)) continue;
      const changed = fingerprint(view);
      if (changed !== last) {
        last = changed;
        yield view.snapshot;
      }
      await abortable(hints.next(patienceMs(hints.armed)), signal);
    }
  } finally {
    hints.close();
  }
}

/** What tells when to look at an election again. Any of it may come for nothing, or not at all. */
class ElectionHints {
  readonly #options: ElectionWatchOptions;
  #target: string | undefined;
  #stopTarget: (() => void) | undefined;
  #stopSessions: (() => void) | undefined;
  #sessionIds: ReadonlySet<string> = new Set();
  #head: string | undefined;
  #stopHead: () => void = () => {};
  #hinted = false;
  #timer: NodeJS.Timeout | undefined;
  #wake: () => void = () => {};

  constructor(options: ElectionWatchOptions) {
    this.#options = options;
  }

  get armed(): boolean {
    return this.#stopTarget !== undefined && this.#stopSessions !== undefined;
  }

  clear(): void {
    this.#hinted = false;
  }

  /** Follows what was seen. True when that is only being watched from now on: look again. */
  aimAt({ listing, snapshot }: ElectionView): boolean {
    const { folder, monitor, reader } = this.#options;
    this.#sessionIds = new Set(snapshot.claims.map(({ sessionId }) => sessionId));
    const head = snapshot.claims[0]?.sessionId;
    if (head !== this.#head) {
      this.#stopHead();
      this.#head = head;
      this.#stopHead = head === undefined ? () => {} : monitor.guard(head, this.#hint);
    }
    const target = listing === undefined ? folder.elections : reader.files.path(listing.generation);
    if (target === this.#target && this.armed) return false;
    this.#stopTarget?.();
    this.#target = target;
    this.#stopTarget = watchFolder(target, this.#hint);
    this.#stopSessions ??= watchFolder(folder.sessions, (id) => {
      if (id === undefined || this.#sessionIds.has(id)) this.#hint();
    });
    return this.armed;
  }

  /** Resolves at the next hint, at once when there was one since `clear`, or after that time. */
  next(patienceMs: number): Promise<void> {
    if (this.#hinted) return Promise.resolve();
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#timer = setTimeout(resolve, patienceMs);
    }).then(() => {
      clearTimeout(this.#timer);
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stopTarget?.();
    this.#stopSessions?.();
    this.#stopHead();
  }

  readonly #hint = (): void => {
    this.#hinted = true;
    this.#wake();
  };
}

function fingerprint({ listing, snapshot }: ElectionView): string {
  const claims = snapshot.claims.map(({ term }) => term);
  const versions = (listing?.claims ?? []).map((claim) => [claim.number, claim.registration]);
  const known = [snapshot.revision, snapshot.control?.version, claims, versions];
  return JSON.stringify(known, (_key, value: unknown) =>
    typeof value === "bigint" ? `${value}` : value,
  );
}
