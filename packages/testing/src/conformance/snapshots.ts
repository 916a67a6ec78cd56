import { strict as assert } from "node:assert";
import type { ConformanceCase } from "./trial.ts";

/** Enough to meet a member that lags; each takes six calls, on servers that may be slow. */
const ROUNDS = 20;

/** What reads show is whole, current, and the same for all. */
export const snapshotCases: readonly ConformanceCase[] = [
  {
    name: "an election in which nobody ever stood is empty",
    async run(trial) {
      const snapshot = await trial.read(await trial.store());
      assert.deepEqual(snapshot, { ...snapshot, claims: [], control: undefined });
      assert.equal(typeof snapshot.revision, "bigint");
    },
  },
  {
    name: "a read shows all that was done before it began, by whomever",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const session = await trial.session(a);
      let version: string | undefined;
      for (let round = 0; round < ROUNDS; round++) {
        const claim = await trial.stand(session, `round ${round}`);
        assert.deepEqual((await trial.read(b)).claims, [claim]);
        const { election } = trial;
        const text = `round ${round}`;
        const request = { election, text, expectedVersion: version };
        assert.equal(await b.writeControl(request, trial.options), true);
        const { control } = await trial.read(a);
        assert.equal(control?.text, text);
        version = control?.version;
        await session.withdraw(claim, trial.options);
        assert.deepEqual((await trial.read(b)).claims, []);
      }
    },
  },
  {
    name: "a snapshot's revision never falls, and is never below the term of a claim in it",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const session = await trial.session(a);
      const { election } = trial;
      let revision = (await trial.read(b)).revision;
      const check = async (): Promise<void> => {
        for (const store of [a, b]) {
          const snapshot = await trial.read(store);
          assert(snapshot.revision >= revision, `fell from ${revision} to ${snapshot.revision}`);
          for (const { term } of snapshot.claims) assert(snapshot.revision >= term);
          revision = snapshot.revision;
        }
      };
      for (let round = 0; round < 5; round++) {
        const { claim, snapshot } = await session.stand(
          { election, registration: "" },
          trial.options,
        );
        assert(snapshot.revision >= claim.term);
        assert(claim.term > revision, "a claim's term is above the revisions before it");
        await check();
        await session.update({ claim, registration: "updated" }, trial.options);
        await check();
        await session.withdraw(claim, trial.options);
        await check();
      }
    },
  },
  {
    name: "all clients, elections and watches show one store id",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const { storeId } = await trial.read(a);
      assert(storeId.length > 0);
      assert.equal((await trial.read(b)).storeId, storeId);
      assert.equal((await b.read(`${trial.election}-other`, trial.options)).storeId, storeId);
      assert.equal((await trial.watch(b).next("the first snapshot")).storeId, storeId);
    },
  },
  {
    name: "all values are plain data",
    async run(trial) {
      const store = await trial.store();
      const session = await trial.session(store);
      const { election } = trial;
      const stood = await session.stand({ election, registration: "plain" }, trial.options);
      await store.writeControl({ election, text: "x", expectedVersion: undefined }, trial.options);
      const values: readonly unknown[] = [
        store.capabilities,
        session.id,
        session.ttlMs,
        stood,
        await session.claims(trial.options),
        await trial.read(store),
        await trial.watch(store).next("the first snapshot"),
      ];
      for (const value of values) assert.deepEqual(structuredClone(value), value);
    },
  },
];
