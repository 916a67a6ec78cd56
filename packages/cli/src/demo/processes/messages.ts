import type { MandateErrorCode, StoreDescription } from "@mandate/election";

/** What the ledger's process is started with. */
export interface LedgerOrders {
  /** Of the database. */
  readonly file: string;
  readonly election: string;
}

/** What the ledger's process tells. */
export type LedgerMessage =
  | { readonly kind: "listening"; readonly url: string }
  /** A write of an older term was refused. */
  | { readonly kind: "stale-write"; readonly term: string };

/** What a data centre is told. */
export type DataCentreOrders =
  | ({ readonly kind: "start" } & DataCentreSettings)
  /** Stop work, resign, and end. */
  | { readonly kind: "close" };

/** What a data centre is started with. */
export interface DataCentreSettings {
  readonly candidateId: string;
  readonly region: string;
  readonly election: string;
  readonly store: StoreDescription;
  readonly ttlMs: number;
  readonly ledgerUrl: string;
  readonly journalFile: string;
}

/** What a data centre tells. */
export type DataCentreMessage =
  | { readonly kind: "listening"; readonly url: string }
  /** It could not start, and ends. `code` is that of a `MandateError`. */
  | {
      readonly kind: "failed";
      readonly code: MandateErrorCode | undefined;
      readonly message: string;
    }
  | { readonly kind: "elected"; readonly term: bigint; readonly atMs: number }
  /** The fence is raised and the ledger read: it takes orders. */
  | { readonly kind: "serving"; readonly term: bigint; readonly lastSequence: number }
  | { readonly kind: "draining"; readonly term: bigint; readonly reason: string }
  /** Something that a reader of the live view should know. */
  | { readonly kind: "note"; readonly text: string };
