import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { beforeEach, expect, test } from "vitest";

import { losableMandate, lostMandate, mandate } from "./fence.test-support.ts";
import { sqliteFence } from "./sqlite-fence.ts";

const fence = sqliteFence();
let db: DatabaseSync;

beforeEach(() => {
  db = new DatabaseSync(":memory:");
  fence.createTable(db);
  db.exec("CREATE TABLE orders (id TEXT)");
});

function insert(id: string): void {
  db.prepare("INSERT INTO orders VALUES (?)").run(id);
}

function orders(): readonly unknown[] {
  return db
    .prepare("SELECT id FROM orders ORDER BY id")
    .all()
    .map((row) => row["id"]);
}

const stale: unknown = expect.objectContaining({ code: "STALE_TERM", applied: "no" });

test("commits the work and returns its result", () => {
  const result = fence.transaction(db, mandate(5n), (tx) => {
    expect(tx).toBe(db);
    insert("a");
    return 42;
  });
  expect(result).toBe(42);
  expect(orders()).toEqual(["a"]);
  expect(db.isTransaction).toBe(false);
});

test("refuses a lower term before its work begins, and admits equal and greater ones", () => {
  fence.transaction(db, mandate(5n), () => insert("a"));
  fence.transaction(db, mandate(5n), () => insert("b"));
  fence.transaction(db, mandate(6n), () => insert("c"));
  expect(() => fence.transaction(db, mandate(5n), () => insert("d"))).toThrow(stale);
  expect(orders()).toEqual(["a", "b", "c"]);
  expect(db.isTransaction).toBe(false);
});

test("an old leader's write lands behind the new leader's read, unless that raised the fence (S8)", () => {
  const old = mandate(1n);
  fence.raise(db, old);
  // Without: the new leader has read, and does not know of what comes after.
  expect(orders()).toEqual([]);
  fence.transaction(db, old, () => insert("behind"));
  expect(orders()).toEqual(["behind"]);
  // With:
  fence.raise(db, mandate(2n));
  expect(orders()).toEqual(["behind"]);
  expect(() => fence.transaction(db, old, () => insert("refused"))).toThrow(stale);
  expect(orders()).toEqual(["behind"]);
});

test("tells terms apart where numbers of JavaScript cannot, and names them exactly", () => {
  const [least, last] = [2n ** 53n, 2n ** 63n - 1n];
  for (const term of [least, least + 1n]) fence.raise(db, mandate(term));
  expect(() => fence.raise(db, mandate(least))).toThrow(/term 9007199254740993\./);
  for (const term of [last - 1n, last]) fence.raise(db, mandate(term));
  expect(() => fence.raise(db, mandate(last - 1n))).toThrow(/term 9223372036854775807\./);
});

test("does not commit when the mandate was lost during the work", () => {
  const { losable, lose } = losableMandate(5n);
  const work = (): void => {
    insert("a");
    lose();
  };
  expect(() => fence.transaction(db, losable, work)).toThrow(
    expect.objectContaining({ code: "MANDATE_LOST" }),
  );
  expect(orders()).toEqual([]);
  fence.transaction(db, mandate(5n), work); // a mandate that never says so
  expect(orders()).toEqual(["a"]);
});

test("looks at the mandate when it has the lock, however long that took", () => {
  const folder = mkdtempSync(join(tmpdir(), "mandate-sqlite-"));
  const ours = new DatabaseSync(join(folder, "db"), { timeout: 0 });
  const other = new DatabaseSync(join(folder, "db"), { timeout: 0 });
  try {
    fence.createTable(ours);
    const lost = lostMandate(() => {
      expect(() => other.exec("BEGIN IMMEDIATE")).toThrow(/database is locked/);
    });
    expect(() => fence.transaction(ours, lost, () => undefined)).toThrow(
      expect.objectContaining({ code: "MANDATE_LOST" }),
    );
    expect(ours.isTransaction).toBe(false);
  } finally {
    ours.close();
    other.close();
    rmSync(folder, { recursive: true });
  }
});

test("rolls back and throws on what the work throws", () => {
  const broken = new Error("no such customer");
  const work = (): void => {
    insert("a");
    throw broken;
  };
  expect(() => fence.transaction(db, mandate(5n), work)).toThrow(broken);
  expect(orders()).toEqual([]);
});

test("a failing rollback does not hide what the work threw", () => {
  const broken = new Error("no such customer");
  const work = (): void => {
    db.exec("ROLLBACK"); // so that the fence's own one fails
    throw broken;
  };
  expect(() => fence.transaction(db, mandate(5n), work)).toThrow(broken);
});

test("refuses work that goes on after it returned", () => {
  const work = async (): Promise<void> => {
    insert("a");
    await Promise.resolve();
  };
  expect(() => fence.transaction(db, mandate(5n), work)).toThrow(/make it synchronous/);
  expect(orders()).toEqual([]);
});

test("leaves a transaction alone that it is called inside of", () => {
  db.exec("BEGIN");
  insert("a");
  expect(() => fence.transaction(db, mandate(5n), () => insert("b"))).toThrow(
    /within a transaction/,
  );
  db.exec("COMMIT");
  expect(orders()).toEqual(["a"]);
});

test("raises within a transaction of the caller's own", () => {
  db.exec("BEGIN");
  fence.raise(db, mandate(5n));
  db.exec("ROLLBACK");
  fence.raise(db, mandate(4n));
  expect(() => fence.raise(db, mandate(3n))).toThrow(stale);
});

test("keeps its terms in the table that it is given", () => {
  const own = sqliteFence({ table: "main.order" }); // a keyword, so it has to be quoted
  own.createTable(db);
  own.raise(db, mandate(5n));
  fence.raise(db, mandate(4n));
  expect(() => own.raise(db, mandate(4n))).toThrow(stale);
});

test.each(["", "a b", 'a"', "a.b.c", "A", "a;drop", ".a"])("refuses the table %j", (table) => {
  expect(() => sqliteFence({ table })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTIONS" }),
  );
});
