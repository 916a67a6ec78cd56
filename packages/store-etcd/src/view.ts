import { MandateError } from "@mandate/election";
import type { Claim, ControlEntry, ElectionSnapshot } from "@mandate/election";

import type { Event, KeyValue, TxnResponse } from "./gen/etcd.ts";
import type { KeyLayout } from "./keys.ts";
import { deleteEvent } from "./operations.ts";

/** An election as a transaction showed it, brought forward by what a watch tells. */
export class ElectionView {
  readonly #layout: KeyLayout;
  readonly #election: string;
  readonly #storeId: string;
  readonly #claims = new Map<string, Claim>();
  #revision: bigint;
  #control: ControlEntry | undefined;

  /** The last answer but one is that of a read of all claims. */
  constructor(
    layout: KeyLayout,
    election: string,
    {
      answer,
      control,
    }: { readonly answer: TxnResponse; readonly control: ControlEntry | undefined },
  ) {
    this.#layout = layout;
    this.#election = election;
    const { header } = answer;
    if (header === undefined) throw malformed("a header");
    this.#storeId = header.clusterId.toString(16);
    this.#revision = header.revision;
    for (const claim of answeredRange(answer, -2)) this.#put(claim);
    this.#control = control;
  }

  /** The revision of the newest claim or snapshot in it. */
  get revision(): bigint {
    return this.#revision;
  }

  /** The claim with this id, when there is one. */
  claim(id: string): Claim | undefined {
    return this.#claims.get(id);
  }

  /** Takes in changes of claims. False when none of them was about this election. */
  applyClaims(events: readonly Event[]): boolean {
    let changed = false;
    for (const { type, kv } of events) {
      if (kv === undefined) continue;
      if (kv.modRevision > this.#revision) this.#revision = kv.modRevision;
      changed = (type === deleteEvent ? this.#delete(kv) : this.#put(kv)) || changed;
    }
    return changed;
  }

  /**
   * Takes in changes of the control record. The revision stays: it says up to where the claims are
   * known, and changes of claims come apart from these.
   */
  applyControl(events: readonly Event[]): boolean {
    for (const { type, kv } of events) {
      this.#control = type === deleteEvent ? undefined : controlEntry(kv);
    }
    return events.length > 0;
  }

  snapshot(): ElectionSnapshot {
    const claims = [...this.#claims.values()].toSorted((one, other) =>
      Number(one.term - other.term),
    );
    return {
      storeId: this.#storeId,
      revision: this.#revision,
      claims,
      control: this.#control,
    };
  }

  #put(kv: KeyValue): boolean {
    const id = this.#layout.claimId(this.#election, kv.key);
    if (id === undefined) return false;
    this.#claims.set(id, claimOf(this.#election, id, kv));
    return true;
  }

  #delete(kv: KeyValue): boolean {
    const id = this.#layout.claimId(this.#election, kv.key);
    return id !== undefined && this.#claims.delete(id);
  }
}

/** A key of an election's queue as the contract's claim. */
export function claimOf(election: string, id: string, kv: KeyValue): Claim {
  return {
    election,
    id,
    term: kv.createRevision,
    sessionId: id,
    registration: textOf(kv.value),
  };
}

/** What a transaction's range at this place (negative: from its end) found. */
export function answeredRange(answer: TxnResponse, place: number): readonly KeyValue[] {
  const response = answer.responses.at(place)?.response;
  if (response?.$case !== "responseRange") throw malformed("the range that was asked for");
  return response.value.kvs;
}

/** What a nested transaction at this place (negative: from its end) answered. */
export function answeredTxn(answer: TxnResponse, place: number): TxnResponse {
  const response = answer.responses.at(place)?.response;
  if (response?.$case !== "responseTxn") throw malformed("the transaction that was asked for");
  return response.value;
}

/** A control record's key as the contract's entry; undefined when there is none. */
export function controlEntry(kv: KeyValue | undefined): ControlEntry | undefined {
  if (kv === undefined) return undefined;
  return { text: textOf(kv.value), version: kv.modRevision.toString() };
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  // A view: `Buffer.from(bytes)` would copy a control record byte by byte.
  return Buffer.from(buffer, byteOffset, byteLength).toString("utf8");
}

function malformed(missing: string): MandateError {
  return new MandateError(
    `etcd's answer lacks ${missing}: check that nothing between this process and etcd ` +
      "changes answers",
    { code: "STORE_UNAVAILABLE" },
  );
}
