import { strict as assert } from "node:assert";
import { getEventListeners } from "node:events";
import type { ConformanceCase } from "./trial.ts";
import { refuses } from "./trial.ts";
import { within } from "./watcher.ts";

const DEADLINE_MS = 5_000;

/** Watches tell of each change in time, and end when they are told to. */
export const watchCases: readonly ConformanceCase[] = [
  {
    name: "a watch shows the election at once, as it is",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      assert.deepEqual((await trial.watch(b).next("the empty election")).claims, []);
      const claim = await trial.stand(await trial.session(a));
      const first = await trial.watch(b).until("the claim", ({ claims }) => claims.length === 1);
      assert.deepEqual(first.claims, [claim]);
    },
  },
  {
    name: "a watch tells of each kind of change that another client makes",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const { election } = trial;
      const watcher = trial.watch(a);
      await watcher.next("the empty election");
      const [session, other] = [await trial.session(b), await trial.session(b)];
      const claim = await trial.stand(session);
      await watcher.until("a claim", ({ claims }) => claims.length === 1);
      await session.update({ claim, registration: "updated" }, trial.options);
      await watcher.until("an update", ({ claims }) => claims[0]?.registration === "updated");
      await b.writeControl({ election, text: "paused", expectedVersion: undefined }, trial.options);
      await watcher.until("a control record", ({ control }) => control?.text === "paused");
      await trial.stand(other);
      await watcher.until("a second claim", ({ claims }) => claims.length === 2);
      await session.withdraw(claim, trial.options);
      await watcher.until("a withdrawal", ({ claims }) => claims.length === 1);
      await other.close(trial.options);
      await watcher.until("a closed session", ({ claims }) => claims.length === 0);
    },
  },
  {
    name: "a slow watcher may miss changes, never the last one",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const watcher = trial.watch(a);
      await watcher.next("the empty election");
      const session = await trial.session(b);
      const claim = await trial.stand(session);
      for (let round = 1; round <= 3; round++) {
        for (let change = 1; change <= 10; change++) {
          const registration = `change ${round}.${change}`;
          await session.update({ claim, registration }, trial.options);
        }
        const last = `change ${round}.10`;
        await watcher.until(last, ({ claims }) => claims[0]?.registration === last);
      }
    },
  },
  {
    name: "many watches of one client each tell of their own election",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const session = await trial.session(b);
      const elections = [`${trial.election}-1`, `${trial.election}-2`, `${trial.election}-2`];
      const watchers = elections.map((election) => trial.watch(a, election));
      for (const watcher of watchers) await watcher.next("the empty election");
      const election = `${trial.election}-2`;
      await session.stand({ election, registration: "" }, trial.options);
      for (const watcher of watchers.slice(1)) {
        await watcher.until("the claim", ({ claims }) => claims.length === 1);
      }
      const unconcerned = await a.read(`${trial.election}-1`, trial.options);
      assert.deepEqual(unconcerned.claims, []);
    },
  },
  {
    name: "an aborted watch ends with the signal's reason and leaves no listener",
    async run(trial) {
      const store = await trial.store();
      const controller = new AbortController();
      const reason = new Error("nobody watches any more");
      const watch = store.watch(trial.election, { signal: controller.signal });
      const iterator = watch[Symbol.asyncIterator]();
      await within(DEADLINE_MS, iterator.next(), "the first snapshot");
      const next = iterator.next();
      controller.abort(reason);
      await assert.rejects(within(DEADLINE_MS, next, "the end of the watch"), reasonIs(reason));
      assert.deepEqual(getEventListeners(controller.signal, "abort"), []);
      const late = store.watch(trial.election, { signal: controller.signal });
      await assert.rejects(late[Symbol.asyncIterator]().next(), reasonIs(reason));
      assert.deepEqual(getEventListeners(controller.signal, "abort"), []);
    },
  },
  {
    name: "a watch whose consumer stops leaves no listener",
    async run(trial) {
      const store = await trial.store();
      const { signal } = new AbortController();
      for (let round = 0; round < 3; round++) {
        for await (const snapshot of store.watch(trial.election, { signal })) {
          assert.deepEqual(snapshot.claims, []);
          break;
        }
        assert.deepEqual(getEventListeners(signal, "abort"), []);
      }
    },
  },
  {
    name: "closing a client ends its watches with CLOSED",
    async run(trial) {
      const store = await trial.ownStore();
      const { signal } = new AbortController();
      const iterator = store.watch(trial.election, { signal })[Symbol.asyncIterator]();
      await within(DEADLINE_MS, iterator.next(), "the first snapshot");
      const next = iterator.next();
      await Promise.all([
        refuses(within(DEADLINE_MS, next, "the end of the watch"), "CLOSED"),
        store.close(),
      ]);
      assert.deepEqual(getEventListeners(signal, "abort"), []);
    },
  },
];

function reasonIs(reason: Error): (error: unknown) => boolean {
  return (error) => {
    assert.equal(error, reason);
    return true;
  };
}
