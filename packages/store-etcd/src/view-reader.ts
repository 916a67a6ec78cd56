import type { ControlEntry } from "@mandate/election";

import type { EtcdCalls } from "./etcd-calls.ts";
import type { RequestOp, TxnResponse } from "./gen/etcd.ts";
import type { KeyLayout } from "./keys.ts";
import { rangeOp, transaction, txnOp, writtenAt } from "./operations.ts";
import { answeredRange, answeredTxn, controlEntry, ElectionView } from "./view.ts";

/** One look at an election, as part of a transaction that writes. */
export interface ViewReading {
  /** The transaction's last operations. */
  readonly ops: readonly RequestOp[];
  /**
   * What their answers show. Undefined when another cluster answered than the one whose control
   * record is known here: read anew.
   */
  view(answer: TxnResponse): ElectionView | undefined;
}

/** So many control records are remembered, those of the elections that were looked at last. */
const maxKnown = 256;

/**
 * Reads elections. A control record, with its hundred terms, is by far the largest part of an
 * answer and seldom a new one: to one who stands, etcd sends it only when it is not the one that is
 * known here already.
 */
export class ViewReader {
  readonly #layout: KeyLayout;
  readonly #known = new Map<string, KnownControl>();

  constructor(layout: KeyLayout) {
    this.#layout = layout;
  }

  /** A look at `election`, to be made once. */
  reading(election: string): ViewReading {
    const known = this.#known.get(election);
    const control = this.#layout.control(election);
    const read = rangeOp(control);
    const unlessKnown =
      known === undefined
        ? read
        : txnOp(
            transaction({
              compare: [writtenAt(control, BigInt(known.entry.version))],
              failure: [read],
            }),
          );
    return {
      ops: [rangeOp(this.#layout.claims(election)), unlessKnown],
      view: (answer) => this.#view(election, known, answer),
    };
  }

  /** A linearizable look at `election`, in a transaction of its own. */
  async read(election: string, calls: EtcdCalls, signal: AbortSignal): Promise<ElectionView> {
    const call = { doing: `read "${election}"`, signal, retry: "always" } as const;
    // Always whole: with a transaction inside, etcd takes it for a write and sends it through its
    // log, which costs a sync of the disks and fails when the space is used up.
    const success = [
      rangeOp(this.#layout.claims(election)),
      rangeOp(this.#layout.control(election)),
    ];
    const answer = await calls.txn(call, transaction({ success }));
    const control = controlEntry(answeredRange(answer, -1)[0]);
    return this.#viewWith(election, control, answer);
  }

  #view(
    election: string,
    known: KnownControl | undefined,
    answer: TxnResponse,
  ): ElectionView | undefined {
    const storeId = answer.header?.clusterId;
    const nested = known === undefined ? undefined : answeredTxn(answer, -1);
    const unchanged = nested?.succeeded === true ? known : undefined;
    if (unchanged !== undefined && unchanged.storeId !== storeId) {
      // A cluster that was restored counts its revisions anew: an equal one proves nothing.
      this.#known.delete(election);
      return undefined;
    }
    const control = unchanged?.entry ?? controlEntry(answeredRange(nested ?? answer, -1)[0]);
    return this.#viewWith(election, control, answer);
  }

  #viewWith(
    election: string,
    control: ControlEntry | undefined,
    answer: TxnResponse,
  ): ElectionView {
    const storeId = answer.header?.clusterId;
    this.#note(election, control === undefined ? undefined : { storeId, entry: control });
    return new ElectionView(this.#layout, election, { answer, control });
  }

  #note(election: string, known: KnownControl | undefined): void {
    this.#known.delete(election);
    if (known === undefined) return;
    this.#known.set(election, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}

interface KnownControl {
  readonly storeId: bigint | undefined;
  readonly entry: ControlEntry;
}
