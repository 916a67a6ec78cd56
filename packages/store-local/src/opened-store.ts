import { ForeignSessions } from "./session/foreign-sessions.ts";
import type { Machine } from "./machine/machine.ts";
import { SessionMonitor } from "./session/session-monitor.ts";
import { Sessions } from "./session/sessions.ts";
import { SnapshotReader } from "./election/snapshot-reader.ts";
import type { StoreFolder } from "./folder/store-folder.ts";

/** How many elections to keep in memory; those beyond are read anew. */
const MAX_READERS = 2_000;

/** What belongs to one folder on the disk, as long as it is the same one. */
export class OpenedStore {
  readonly folder: StoreFolder;
  readonly sessions: Sessions;
  readonly foreign: ForeignSessions;
  readonly monitor: SessionMonitor;
  readonly #readers = new Map<string, SnapshotReader>();

  constructor(folder: StoreFolder, machine: Machine) {
    this.folder = folder;
    this.sessions = new Sessions(folder, machine);
    this.foreign = new ForeignSessions(this.sessions, machine);
    this.monitor = new SessionMonitor(this.sessions, machine);
  }

  /** The reader of an election, which remembers what cannot change. */
  reader(election: string): SnapshotReader {
    const reader =
      this.#readers.get(election) ?? new SnapshotReader(this.folder, this.sessions, election);
    // Last in the map is last used.
    this.#readers.delete(election);
    this.#readers.set(election, reader);
    const [oldest] = this.#readers.keys();
    if (this.#readers.size > MAX_READERS && oldest !== undefined) this.#readers.delete(oldest);
    return reader;
  }
}
