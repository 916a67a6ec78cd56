import { MandateError } from "../errors.ts";

/** How a fence in a SQL database is made. */
export interface SqlFenceOptions {
  /**
   * Where the terms are kept, one row an election: a lower-case name, with a schema before it if
   * you like (`app.mandate_fence`). Never delete its rows: that forgets which terms are over.
   * @defaultValue "mandate_fence"
   */
  readonly table?: string;
}

/**
 * The table's name, quoted for SQL.
 * @throws `INVALID_OPTIONS` for a name that is more than a plain one
 */
export function quotedTable({ table = "mandate_fence" }: SqlFenceOptions): string {
  if (!/^[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?$/.test(table)) {
    throw new MandateError(
      `${JSON.stringify(table)} cannot name the fence's table: use lower-case letters, digits ` +
        "and underscores, with a schema's name and a dot before it if needed",
      { code: "INVALID_OPTIONS", applied: "no" },
    );
  }
  return table
    .split(".")
    .map((part) => `"${part}"`)
    .join(".");
}

/**
 * Each write transaction begins with this upsert. It keeps the greater term and returns a row only
 * if that is ours. It writes even when the term stays the same: so it holds the row's lock until
 * the transaction ends, and no other term can get in between a check and the writes after it. A
 * condition inside those writes would not do: it reads a snapshot from before a newer term's
 * commit.
 */
export function fenceUpsert(table: string, [election, term]: readonly [string, string]): string {
  return (
    `INSERT INTO ${table} AS fence (election, term) VALUES (${election}, ${term}) ` +
    "ON CONFLICT (election) DO UPDATE SET term = excluded.term WHERE fence.term <= excluded.term " +
    "RETURNING 1 AS admitted"
  );
}
