import { strict as assert } from "node:assert";
import type { ControlEntry, Store } from "@mandate/election";
import type { ConformanceCase, Trial } from "./trial.ts";

/** The control record is replaced by whoever read its latest version, and by nobody else. */
export const controlCases: readonly ConformanceCase[] = [
  {
    name: "a control record is written once, then replaced under its version only",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      assert.equal((await trial.read(a)).control, undefined);
      assert.equal(await write(trial, a, "never", "a version that never was"), false);
      assert.equal(await write(trial, a, "first", undefined), true);
      const first = await control(trial, b);
      assert.equal(first.text, "first");
      assert.equal(await write(trial, b, "again", undefined), false);
      assert.equal(await write(trial, b, "second", first.version), true);
      const second = await control(trial, a);
      assert.equal(second.text, "second");
      assert.notEqual(second.version, first.version);
      assert.equal(await write(trial, a, "stale", first.version), false);
      assert.deepEqual(await control(trial, b), second);
    },
  },
  {
    name: "writing the same text is a change too",
    async run(trial) {
      const store = await trial.store();
      await write(trial, store, "same", undefined);
      const before = await control(trial, store);
      assert.equal(await write(trial, store, "same", before.version), true);
      assert.notEqual((await control(trial, store)).version, before.version);
    },
  },
  {
    name: "of writers at the same time exactly one succeeds, the first write included",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      let version: string | undefined;
      for (let round = 0; round < 5; round++) {
        const texts = ["0", "1", "2", "3", "4", "5"].map((writer) => `${round} by ${writer}`);
        const written = await Promise.all(
          texts.map((text, writer) => write(trial, writer % 2 === 0 ? a : b, text, version)),
        );
        const winners = texts.filter((_, writer) => written[writer]);
        const after = await control(trial, b);
        assert.deepEqual(winners, [after.text]);
        version = after.version;
      }
    },
  },
  {
    name: "control records and claims leave each other alone",
    async run(trial) {
      const store = await trial.store();
      const session = await trial.session(store);
      const claim = await trial.stand(session);
      await write(trial, store, "kept", undefined);
      const kept = await control(trial, store);
      assert.deepEqual((await trial.read(store)).claims, [claim]);
      assert.deepEqual(await session.claims(trial.options), [claim]);
      await session.update({ claim, registration: "updated" }, trial.options);
      await session.withdraw(claim, trial.options);
      await session.close(trial.options);
      assert.deepEqual(await control(trial, store), kept);
    },
  },
  {
    name: "control records come back as they are: long ones, unicode, none",
    async run(trial) {
      const store = await trial.store();
      let version: string | undefined;
      for (const text of ["x".repeat(65_536), "", "žluťoučký 🐎 選挙 \n\t\u0001"]) {
        assert.equal(await write(trial, store, text, version), true);
        const entry = await control(trial, store);
        assert.equal(entry.text, text);
        version = entry.version;
      }
    },
  },
];

async function write(
  { election, options }: Trial,
  store: Store,
  text: string,
  expectedVersion: string | undefined,
): Promise<boolean> {
  return await store.writeControl({ election, text, expectedVersion }, options);
}

async function control(trial: Trial, store: Store): Promise<ControlEntry> {
  const entry = (await trial.read(store)).control;
  assert(entry !== undefined, "the control record was written");
  return entry;
}
