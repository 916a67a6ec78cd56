import { MandateError } from "../errors.ts";
import { readFencedTerm, staleTerm, type FencedMandate } from "./fenced-mandate.ts";
import { fenceUpsert, quotedTable, type SqlFenceOptions } from "./fence-table.ts";

/**
 * What a fence uses of a SQLite connection: `DatabaseSync` of `node:sqlite` and `better-sqlite3`
 * have it.
 */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
}

/** A prepared statement of a {@link SqliteDatabase}. */
export interface SqliteStatement {
  get(...parameters: (string | bigint)[]): unknown;
}

/** A fence in a SQLite database, beside the data that it protects. */
export interface SqliteFence {
  /** Creates the fence's table if it is not there yet. */
  createTable(db: SqliteDatabase): void;

  /**
   * Refuses all lower terms from here on. Call it before the first read (else an older leader's
   * write can land behind that read), or first in a transaction of your own.
   * @throws `STALE_TERM`, `MANDATE_LOST`, or the database's own error
   */
  raise(db: SqliteDatabase, mandate: FencedMandate): void;

  /**
   * Runs `work` in a transaction that commits only if no greater term was here and the mandate is
   * still valid. `work` is synchronous and leaves `BEGIN`, `COMMIT` and `ROLLBACK` to the fence;
   * when it throws, all is rolled back and its error thrown on. Waits for other writers as long as
   * the connection's busy timeout says.
   * @throws `STALE_TERM`, `MANDATE_LOST`, `INVALID_OPTIONS` when `work` is asynchronous, or the
   * database's own error
   */
  transaction<Database extends SqliteDatabase, Result>(
    db: Database,
    mandate: FencedMandate,
    work: (db: NoInfer<Database>) => Result,
  ): Result;
}

/**
 * Makes a {@link SqliteFence}. It keeps nothing in memory: one serves any number of connections.
 */
export function sqliteFence(options: SqlFenceOptions = {}): SqliteFence {
  const table = quotedTable(options);
  const upsert = fenceUpsert(table, ["?", "?"]);
  // As text: clients lose or refuse integers beyond 2^53 unless told otherwise, each in its own
  // way.
  const select = `SELECT CAST(term AS TEXT) AS term FROM ${table} WHERE election = ?`;

  const raise = (db: SqliteDatabase, mandate: FencedMandate): void => {
    const fenced = readFencedTerm(mandate);
    if (db.prepare(upsert).get(fenced.election, fenced.term) === undefined) {
      throw staleTerm(fenced, BigInt(termOf(db.prepare(select).get(fenced.election))));
    }
  };

  return {
    createTable(db) {
      db.exec(
        `CREATE TABLE IF NOT EXISTS ${table} ` +
          "(election TEXT NOT NULL PRIMARY KEY, term INTEGER NOT NULL CHECK (term >= 0)) STRICT",
      );
    },
    raise,
    transaction(db, mandate, work) {
      // Outside of `try`: when this fails, within another transaction say, there is nothing of ours
      // to roll back. Immediate: the lock comes before the first read.
      db.exec("BEGIN IMMEDIATE");
      try {
        raise(db, mandate);
        const result = work(db);
        refusePromise(result);
        mandate.check();
        db.exec("COMMIT");
        return result;
      } catch (error) {
        rollBack(db);
        throw error;
      }
    },
  };
}

function termOf(row: unknown): string {
  return (row as { readonly term: string }).term;
}

function refusePromise(result: unknown): void {
  if (typeof result === "object" && result !== null && "then" in result) {
    throw new MandateError(
      "the work of a SQLite transaction returned a promise, and what follows an `await` would " +
        "run outside of the transaction: make it synchronous, and fetch what it needs beforehand",
      { code: "INVALID_OPTIONS", applied: "no" },
    );
  }
}

function rollBack(db: SqliteDatabase): void {
  try {
    db.exec("ROLLBACK");
  } catch {
    // SQLite ends some failed transactions by itself, and then this one is not there any more. The
    // first error is the one that says what happened.
  }
}
