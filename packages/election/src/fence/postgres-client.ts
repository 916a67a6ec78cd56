/** What runs single statements: a pool, a client, or the connection of an open transaction. */
export interface PostgresQueryable {
  query(text: string, parameters?: string[]): Promise<PostgresResult>;
}

/** What a fence reads of a result. */
export interface PostgresResult {
  /** The command tag: `COMMIT`, say. */
  readonly command: string;
  readonly rows: readonly unknown[];
}

/** A connected client of the `pg` package, or one that is like it. */
export interface PostgresClient extends PostgresQueryable {
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
  /** A pool has it, a client has not. */
  readonly totalCount?: undefined;
}

/** A client that a {@link PostgresPool} lends. */
export interface PostgresLoan {
  /** Gives it back; with `true` its connection is closed instead. */
  release(destroy?: boolean): void;
}

/** A pool of the `pg` package, or one that is like it. */
export interface PostgresPool<Client extends PostgresClient> {
  /** How many connections it has. Tells a pool from a client. */
  readonly totalCount: number;
  connect(): Promise<Client & PostgresLoan>;
  /** Never called: it pairs up with an overload of `pg`, so that TypeScript finds `Client`. */
  connect(callback: never): Promise<Client & PostgresLoan> | void;
}
