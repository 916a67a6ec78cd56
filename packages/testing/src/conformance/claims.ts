import { strict as assert } from "node:assert";
import type { Claim, StoreSession } from "@mandate/election";
import type { ConformanceCase, Trial } from "./trial.ts";
import { idsOf } from "./trial.ts";

/** Claims queue up, carry growing terms, and are removed one by one. */
export const claimCases: readonly ConformanceCase[] = [
  {
    name: "standing returns the claim, and the election with it at its end",
    async run(trial) {
      const store = await trial.store();
      const first = await trial.session(store);
      const { claim, snapshot } = await first.stand(
        { election: trial.election, registration: "first" },
        trial.options,
      );
      assert.deepEqual(claim, {
        election: trial.election,
        id: claim.id,
        term: claim.term,
        sessionId: first.id,
        registration: "first",
      });
      assert.deepEqual(snapshot.claims, [claim]);
      const second = await trial.session(store);
      const next = await second.stand(
        { election: trial.election, registration: "second" },
        trial.options,
      );
      assert.deepEqual(next.snapshot.claims, [claim, next.claim]);
    },
  },
  {
    name: "claims of many sessions queue in the order of standing, whoever looks",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const stood: Claim[] = [];
      for (const store of [a, b, b, a, b])
        stood.push(await trial.stand(await trial.session(store)));
      assert.deepEqual((await trial.read(a)).claims, stood);
      assert.deepEqual((await trial.read(b)).claims, stood);
      assertGrowing(stood);
    },
  },
  {
    name: "terms grow strictly, also after all claims were withdrawn and all sessions closed",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const given: Claim[] = [];
      for (const store of [a, b, a]) {
        const session = await trial.session(store);
        for (let round = 0; round < 3; round++) {
          const claim = await trial.stand(session);
          given.push(claim);
          await session.withdraw(claim, trial.options);
        }
        given.push(await trial.stand(session));
        await session.close(trial.options);
      }
      assertGrowing(given);
    },
  },
  {
    name: "sessions that stand at the same time get terms of their own, and one is first",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const sessions = await Promise.all(
        [a, b, a, b, a, b, a, b].map((store) => trial.session(store)),
      );
      const request = { election: trial.election, registration: "at once" };
      const results = await Promise.all(
        sessions.map((session) => session.stand(request, trial.options)),
      );
      for (const { claim, snapshot } of results) {
        assert(idsOf(snapshot.claims).some((each) => each.term === claim.term));
        assertGrowing(snapshot.claims);
      }
      const first = results.filter(({ claim, snapshot }) => snapshot.claims[0]?.id === claim.id);
      assert.equal(first.length, 1, "exactly one sees itself first");
      const claims = results.map(({ claim }) => claim).toSorted(byTerm);
      assertGrowing(claims);
      assert.deepEqual((await trial.read(a)).claims, claims);
    },
  },
  {
    name: "standing again returns the first claim as it is, also when both are under way",
    async run(trial) {
      const store = await trial.store();
      const session = await trial.session(store);
      const [one, other] = await Promise.all([
        trial.stand(session, "one"),
        trial.stand(session, "other"),
      ]);
      assert.deepEqual(one, other);
      assert.deepEqual(await trial.stand(session, "third"), one);
      assert.deepEqual((await trial.read(store)).claims, [one]);
    },
  },
  {
    name: "updating replaces the registration and keeps place and term",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const session = await trial.session(a);
      const claim = await trial.stand(session, "before");
      const behind = await trial.stand(await trial.session(b));
      const request = { claim, registration: "after" };
      assert.equal(await session.update(request, trial.options), true);
      const updated = { ...claim, registration: "after" };
      assert.deepEqual((await trial.read(b)).claims, [updated, behind]);
      assert.deepEqual(await session.claims(trial.options), [updated]);
    },
  },
  {
    name: "updating a claim that is gone changes nothing and says so",
    async run(trial) {
      const store = await trial.store();
      const session = await trial.session(store);
      const gone = await trial.stand(session);
      await session.withdraw(gone, trial.options);
      const request = { claim: gone, registration: "late" };
      assert.equal(await session.update(request, trial.options), false);
      const later = await trial.stand(session, "later");
      assert.equal(await session.update(request, trial.options), false);
      assert.deepEqual((await trial.read(store)).claims, [later]);
    },
  },
  {
    name: "withdrawing removes exactly that claim, and again changes nothing (S7)",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const session = await trial.session(a);
      const gone = await trial.stand(session);
      const successor = await trial.stand(await trial.session(b));
      await session.withdraw(gone, trial.options);
      assert.deepEqual((await trial.read(b)).claims, [successor]);
      await session.withdraw(gone, trial.options);
      assert.deepEqual((await trial.read(b)).claims, [successor]);
    },
  },
  {
    name: "withdrawing a claim that is gone leaves the same session's later claim (S7)",
    async run(trial) {
      const store = await trial.store();
      const session = await trial.session(store);
      const gone = await trial.stand(session);
      await session.withdraw(gone, trial.options);
      const later = await trial.stand(session);
      await session.withdraw(gone, trial.options);
      assert.deepEqual((await trial.read(store)).claims, [later]);
      assert.deepEqual(await session.claims(trial.options), [later]);
    },
  },
  {
    name: "a session lists its own claims and no others",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const [session, other] = [await trial.session(a), await trial.session(b)];
      const idle = await trial.session(b);
      const own = await trial.stand(session);
      const foreign = await trial.stand(other);
      assert.deepEqual(await session.claims(trial.options), [own]);
      assert.deepEqual(await other.claims(trial.options), [foreign]);
      assert.deepEqual(await idle.claims(trial.options), []);
      await session.withdraw(own, trial.options);
      assert.deepEqual(await session.claims(trial.options), []);
    },
  },
  {
    name: "one session carries 200 elections, lists them all, and ends them all at once",
    applies: ({ capabilities }) => capabilities.sharedSession,
    run: manyElections,
  },
  {
    name: "registrations come back as they are: long ones, unicode, control characters, none",
    async run(trial) {
      const store = await trial.store();
      const texts = ["", "x".repeat(8_192), "žluťoučký 🐎 選挙", `{"a":"\\n\n\t\r\u0001"}`, " "];
      const stood: Claim[] = [];
      for (const text of texts) stood.push(await trial.stand(await trial.session(store), text));
      const { claims } = await trial.read(store);
      assert.deepEqual(
        claims.map(({ registration }) => registration),
        texts,
      );
      assert.deepEqual(claims, stood);
    },
  },
];

async function manyElections(trial: Trial): Promise<void> {
  const [a, b] = await trial.twoStores();
  const session = await trial.session(a);
  const elections = Array.from({ length: 200 }, (_, index) => `${trial.election}-${index}`);
  const stand = async (election: string): Promise<Claim> =>
    (await session.stand({ election, registration: election }, trial.options)).claim;
  const stood = await inBatches(elections, stand);
  const listed = (await session.claims(trial.options)).toSorted(byTerm);
  assert.deepEqual(listed, stood.toSorted(byTerm));
  await closeAndRead(session);

  async function closeAndRead(closing: StoreSession): Promise<void> {
    await closing.close(trial.options);
    const left = await inBatches(elections, async (election) => {
      const snapshot = await b.read(election, trial.options);
      return snapshot.claims;
    });
    assert.deepEqual(left.flat(), []);
  }
}

async function inBatches<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += 20) {
    results.push(...(await Promise.all(items.slice(start, start + 20).map(work))));
  }
  return results;
}

function byTerm(a: Claim, b: Claim): number {
  return a.term < b.term ? -1 : 1;
}

function assertGrowing(claims: readonly Claim[]): void {
  const terms = claims.map(({ term }) => term);
  assert.deepEqual(terms, [...new Set(claims.toSorted(byTerm).map(({ term }) => term))]);
}
