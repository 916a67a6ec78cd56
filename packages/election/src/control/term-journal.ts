import { updateControl, type ControlAccess } from "./update-control.ts";
import { withTerms, type TermRecord } from "./control-record.ts";

/** More than the record keeps need not wait to be written. */
const MAX_WAITING = 100;

/**
 * The terms that this process led in one election, on their way into the control record. They are
 * written apart from taking and leaving office, which they would slow down: in the record within
 * TTL/3, unless the process dies first.
 */
export class TermJournal {
  readonly #election: string;
  readonly #waiting = new Map<bigint, TermRecord>();
  #writing = false;

  constructor(election: string) {
    this.#election = election;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  note(record: TermRecord): void {
    this.#waiting.set(record.term, record);
    for (const term of this.#waiting.keys()) {
      if (this.#waiting.size <= MAX_WAITING) break;
      this.#waiting.delete(term);
    }
  }

  /** Writes what waits. Rejects when the store does; what waits then waits on. */
  async flush(access: ControlAccess): Promise<void> {
    if (this.#writing || this.#waiting.size === 0) return;
    this.#writing = true;
    const records = [...this.#waiting.values()].toSorted((a, b) => (a.term < b.term ? -1 : 1));
    try {
      await updateControl(access, this.#election, (control) => {
        const { request } = control;
        const latest = records.at(-1)?.term ?? 0n;
        // A wish addressed to an earlier term has been fulfilled, or overtaken.
        const open = request !== undefined && request.term < latest ? undefined : request;
        return { ...withTerms(control, records), request: open };
      });
      for (const record of records) {
        if (this.#waiting.get(record.term) === record) this.#waiting.delete(record.term);
      }
    } finally {
      this.#writing = false;
    }
  }
}
