import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type FencedMandate, sqliteFence } from "@mandate/election";
import type { LedgerEntry } from "../audit/ledger-audit.ts";
import type { Order, OrderReceipt } from "../order.ts";

/** An order to write. */
export interface LedgerWrite {
  readonly order: Order;
  /** The client's key for this order: with the same key nothing is written twice. */
  readonly idempotencyKey: string;
}

/** What became of a write. */
export interface LedgerAnswer {
  readonly receipt: OrderReceipt;
  /** It had been written before, under the same key: this is the first answer, again. */
  readonly replayed: boolean;
}

/** The orders in a SQLite database, behind a fence. */
export class Ledger {
  readonly #db: DatabaseSync;
  readonly #fence = sqliteFence();
  readonly #byKey: StatementSync;
  readonly #insert: StatementSync;

  /** Opens the database, and makes it if need be. */
  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    // A commit returns only when it is on the disk: what is answered after it is durable.
    this.#db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    this.#fence.createTable(this.#db);
    // Only the key is unique, so that an order that is written twice, under two keys, shows.
    this.#db.exec(
      "CREATE TABLE IF NOT EXISTS orders (sequence INTEGER PRIMARY KEY AUTOINCREMENT, " +
        "idempotency_key TEXT NOT NULL UNIQUE, order_id TEXT NOT NULL, item TEXT NOT NULL, " +
        "quantity INTEGER NOT NULL, term TEXT NOT NULL) STRICT",
    );
    this.#byKey = this.#db.prepare(
      "SELECT order_id AS orderId, sequence, term FROM orders WHERE idempotency_key = ?",
    );
    this.#insert = this.#db.prepare(
      "INSERT INTO orders (idempotency_key, order_id, item, quantity, term) " +
        "VALUES (?, ?, ?, ?, ?) RETURNING order_id AS orderId, sequence, term",
    );
  }

  /**
   * Refuses older terms from here on.
   * @throws `STALE_TERM`
   */
  raise(mandate: FencedMandate): void {
    this.#fence.raise(this.#db, mandate);
  }

  /** The place of the last order; 0 when there is none. */
  lastSequence(): number {
    const row = this.#db.prepare("SELECT max(sequence) AS last FROM orders").get();
    return Number(row?.["last"] ?? 0);
  }

  /**
   * Writes an order once, whatever the number of tries. It is durable when this returns.
   * @throws `STALE_TERM`
   */
  write(mandate: FencedMandate, { order, idempotencyKey }: LedgerWrite): LedgerAnswer {
    return this.#fence.transaction(this.#db, mandate, () => {
      const known = this.#byKey.get(idempotencyKey);
      if (known !== undefined) return { receipt: receiptOf(known), replayed: true };
      const { orderId, item, quantity } = order;
      const term = mandate.term.toString();
      const row = this.#insert.get(idempotencyKey, orderId, item, quantity, term);
      return { receipt: receiptOf(row), replayed: false };
    });
  }

  /** All orders, in the order of their writes. */
  *entries(): Generator<LedgerEntry> {
    const rows = this.#db.prepare(
      "SELECT order_id AS orderId, sequence, term FROM orders ORDER BY sequence",
    );
    for (const row of rows.iterate()) {
      const { term, ...rest } = receiptOf(row);
      yield { ...rest, term: BigInt(term) };
    }
  }

  close(): void {
    this.#db.close();
  }
}

function receiptOf(row: Readonly<Record<string, unknown>> | undefined): OrderReceipt {
  return {
    orderId: String(row?.["orderId"]),
    sequence: Number(row?.["sequence"]),
    term: String(row?.["term"]),
  };
}
