import {
  readFencedTerm,
  staleTerm,
  type FencedMandate,
  type FencedTerm,
} from "./fenced-mandate.ts";
import { fenceUpsert, quotedTable, type SqlFenceOptions } from "./fence-table.ts";
import type { PostgresClient, PostgresPool, PostgresQueryable } from "./postgres-client.ts";
import { runPostgresTransaction } from "./postgres-transaction.ts";

/** A fence in a Postgres database, beside the data that it protects. */
export interface PostgresFence {
  /**
   * Creates the fence's table if it is not there yet. Any number of processes may do so at once.
   */
  createTable(db: PostgresQueryable): Promise<void>;

  /**
   * Refuses all lower terms from here on. Call it before the first read (else an older leader's
   * write can land behind that read), or first in a transaction of your own, an ORM's say. Waits
   * for older leaders' open transactions. May be repeated when it failed.
   * @throws `STALE_TERM`, `MANDATE_LOST`, or the database's own error
   */
  raise(db: PostgresQueryable, mandate: FencedMandate): Promise<void>;

  /**
   * Runs `work` in a transaction that commits only if no greater term was here and the mandate is
   * still valid. `db` is a pool, or one connected client. `work` leaves `BEGIN`, `COMMIT` and
   * `ROLLBACK` to the fence; when it rejects, all is rolled back and its error thrown on. It is run
   * once. Transactions of one election wait for each other, so never start one inside another.
   *
   * The server ends a transaction that sits idle for 5 s, lest a leader that was stopped inside of
   * one keeps its successor waiting; a connection that has its own
   * `idle_in_transaction_session_timeout` keeps it.
   * @throws `STALE_TERM`, `MANDATE_LOST`; `STORE_UNAVAILABLE` with `applied: "unknown"` when the
   * connection broke during `COMMIT`; `INVALID_OPTIONS` when the client is already in a fenced
   * transaction or `work` hid a failed statement; or the database's own error
   */
  transaction<Client extends PostgresClient, Result>(
    db: PostgresPool<Client>,
    mandate: FencedMandate,
    work: (tx: NoInfer<Client>) => Promise<Result>,
  ): Promise<Result>;
  transaction<Client extends PostgresClient, Result>(
    db: Client,
    mandate: FencedMandate,
    work: (tx: NoInfer<Client>) => Promise<Result>,
  ): Promise<Result>;
}

/** Makes a {@link PostgresFence}. It keeps no state: one serves any number of pools. */
export function postgresFence(options: SqlFenceOptions = {}): PostgresFence {
  const table = quotedTable(options);
  const upsert = fenceUpsert(table, ["$1", "$2"]);
  const select = `SELECT term::text FROM ${table} WHERE election = $1`;

  const admit = async (db: PostgresQueryable, fenced: FencedTerm): Promise<void> => {
    const { rows } = await db.query(upsert, [fenced.election, String(fenced.term)]);
    if (rows.length === 0) {
      const [row] = (await db.query(select, [fenced.election])).rows;
      throw staleTerm(fenced, BigInt((row as { readonly term: string }).term));
    }
  };

  return {
    async createTable(db) {
      try {
        await db.query(
          `CREATE TABLE IF NOT EXISTS ${table} ` +
            "(election text PRIMARY KEY, term bigint NOT NULL CHECK (term >= 0))",
        );
      } catch (error) {
        if (!isDuplicateTable(error)) {
          throw error;
        }
        // Sessions that create it at once can all pass `IF NOT EXISTS`; those that come second fail
        // when the first one has committed: it is there.
      }
    },
    async raise(db, mandate) {
      await admit(db, readFencedTerm(mandate));
    },
    async transaction<Client extends PostgresClient, Result>(
      db: PostgresPool<Client> | Client,
      mandate: FencedMandate,
      work: (tx: Client) => Promise<Result>,
    ): Promise<Result> {
      const fenced = readFencedTerm(mandate);
      const { client, giveBack } = await borrow(db);
      const outcome = await runPostgresTransaction(client, {
        enter: () => admit(client, fenced),
        work: () => work(client),
        check: () => mandate.check(),
      });
      giveBack(outcome.reusable);
      if (outcome.kind === "failed") {
        throw outcome.error;
      }
      return outcome.value;
    },
  };
}

interface Borrowed<Client> {
  readonly client: Client;
  readonly giveBack: (reusable: boolean) => void;
}

async function borrow<Client extends PostgresClient>(
  db: PostgresPool<Client> | Client,
): Promise<Borrowed<Client>> {
  if (!isPool(db)) {
    return { client: db, giveBack: () => undefined };
  }
  const client = await db.connect();
  return { client, giveBack: (reusable) => client.release(!reusable) };
}

function isPool<Client extends PostgresClient>(
  db: PostgresPool<Client> | Client,
): db is PostgresPool<Client> {
  return "totalCount" in db;
}

function isDuplicateTable(error: unknown): boolean {
  const code =
    typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return code === "23505" || code === "42P07";
}
