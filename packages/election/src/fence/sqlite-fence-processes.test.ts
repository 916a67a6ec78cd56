import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";

import { afterEach, beforeEach, expect, test } from "vitest";

import { mandate } from "./fence.test-support.ts";
import { sqliteFence } from "./sqlite-fence.ts";

const fence = sqliteFence();
const newer = mandate(2n);
let folder: string;
let db: DatabaseSync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mandate-sqlite-"));
  db = new DatabaseSync(join(folder, "orders.db"), { timeout: 0 });
  fence.createTable(db);
  db.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, term INTEGER)");
});

afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

// The leader of term 1, in a process of its own. Where it says a word it waits for an answer, in
// the middle of a transaction too: a read from a pipe stops the whole process.
const oldLeader = `
import { readSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
const [plan, file, module] = process.argv.slice(1);
const { sqliteFence } = await import(module);
const fence = sqliteFence();
const db = new DatabaseSync(file, { timeout: 10_000 });
const mandate = { election: "billing", term: 1n, check: () => undefined };
const say = (word) => writeSync(1, word + "\\n");
const pause = (word) => { say(word); readSync(0, Buffer.alloc(1)); };
const insert = () => db.exec("INSERT INTO orders (term) VALUES (1)");
const plans = {
  "pause inside": () => fence.transaction(db, mandate, () => { insert(); pause("paused"); }),
  "pause before": () => {
    fence.raise(db, mandate);
    pause("paused");
    fence.transaction(db, mandate, insert);
  },
  "check, pause, write": () => {
    const { term } = db.prepare("SELECT max(term) AS term FROM mandate_fence").get();
    if ((term ?? 0) > 1) throw new Error("refused");
    pause("paused");
    insert();
  },
  "write on and on": () => {
    for (let count = 1; count <= 10_000; count += 1) {
      fence.transaction(db, mandate, insert);
      if (count === 20) say("paused");
      // SQLite's lock is not fair: a writer that never lets go of it would starve all others.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * 4);
    }
  },
};
try {
  plans[plan]();
  say("done");
} catch (error) {
  say(error.code ?? error.message);
}
`;

interface OldLeader extends AsyncDisposable {
  /** The next word that it says. */
  word(): Promise<string>;
  resume(): void;
}

function startOldLeader(plan: string): OldLeader {
  const module = new URL("./sqlite-fence.ts", import.meta.url).href;
  const file = join(folder, "orders.db");
  const child = spawn(
    process.execPath,
    ["--input-type=module", "--eval", oldLeader, plan, file, module],
    { stdio: ["pipe", "pipe", "inherit"], timeout: 20_000, killSignal: "SIGKILL" },
  );
  const words = createInterface(child.stdout)[Symbol.asyncIterator]();
  const exited = once(child, "exit");
  return {
    async word() {
      const { value, done } = await words.next();
      return done === true ? "(ended)" : value;
    },
    resume: () => void child.stdin.write("\n"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

function count(term: number): unknown {
  return db.prepare("SELECT count(*) AS rows FROM orders WHERE term = ?").get(term)?.["rows"];
}

test("a check apart from the write lets an old write land behind the new leader's read", async () => {
  await using old = startOldLeader("check, pause, write");
  expect(await old.word()).toBe("paused");
  fence.raise(db, newer);
  expect(count(1)).toBe(0);
  old.resume();
  expect(await old.word()).toBe("done");
  expect(count(1)).toBe(1);
});

test("a leader that was paused before its transaction is refused after it", async () => {
  await using old = startOldLeader("pause before");
  expect(await old.word()).toBe("paused");
  fence.raise(db, newer);
  old.resume();
  expect(await old.word()).toBe("STALE_TERM");
  expect(count(1)).toBe(0);
});

test("a leader that is paused inside its transaction keeps the next one from reading until it ends", async () => {
  await using old = startOldLeader("pause inside");
  expect(await old.word()).toBe("paused");
  expect(() => fence.raise(db, newer)).toThrow(/database is locked/);
  old.resume();
  expect(await old.word()).toBe("done");
  fence.raise(db, newer);
  expect(count(1)).toBe(1);
});

test("no old write follows the new leader's first read, at five random moments", async () => {
  db.close();
  db = new DatabaseSync(join(folder, "orders.db"), { timeout: 10_000 });
  for (let round = 0; round < 5; round += 1) {
    await using old = startOldLeader("write on and on");
    expect(await old.word()).toBe("paused");
    fence.raise(db, newer);
    const read = count(1);
    for (let write = 0; write < 20; write += 1) {
      fence.transaction(db, newer, (tx) => tx.exec("INSERT INTO orders (term) VALUES (2)"));
    }
    expect(await old.word()).toBe("STALE_TERM");
    expect(count(1)).toBe(read);
    expect(count(2)).toBe(20);
    db.exec("DELETE FROM orders; DELETE FROM mandate_fence");
  }
});
