import { strict as assert } from "node:assert";
import { MandateError } from "@mandate/election";
import type { ConformanceCase } from "./trial.ts";
import { refuses } from "./trial.ts";

/** Sessions open, are told apart, and close. */
export const sessionCases: readonly ConformanceCase[] = [
  {
    name: "it declares the capabilities that the suite was given",
    async run(trial) {
      const store = await trial.store();
      assert.deepEqual(store.capabilities, trial.capabilities);
    },
  },
  {
    name: "each session has an id of its own and at least the TTL that was asked for",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const askedMs = trial.capabilities.ttlFloorMs + 1_234;
      const sessions = await Promise.all(
        [a, b, a, b].map((store) => trial.session(store, askedMs)),
      );
      assert.equal(new Set(sessions.map(({ id }) => id)).size, sessions.length);
      for (const { ttlMs } of sessions) assert(ttlMs >= askedMs, `only ${ttlMs} ms were granted`);
    },
  },
  {
    name: "a TTL at the floor is granted, one below it is refused and opens nothing",
    async run(trial) {
      const store = await trial.store();
      const { ttlFloorMs } = trial.capabilities;
      await trial.session(store, ttlFloorMs);
      const opening = store.openSession({ ttlMs: ttlFloorMs - 1 }, trial.options);
      await refuses(opening, "TTL_BELOW_FLOOR");
      const error: unknown = await opening.catch((reason: unknown) => reason);
      assert.equal(error instanceof MandateError && error.applied, "no");
    },
  },
  {
    name: "closing a session ends it and its claims at once, and no other session's",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const [closed, other] = [await trial.session(a), await trial.session(a)];
      await trial.stand(closed);
      const kept = await trial.stand(other);
      await closed.close(trial.options);
      assert.deepEqual((await trial.read(b)).claims, [kept]);
      await other.renew(trial.options);
      await refuses(closed.renew(trial.options), "SESSION_LOST");
      await refuses(trial.stand(closed), "SESSION_LOST");
      assert.deepEqual((await trial.read(b)).claims, [kept]);
    },
  },
  {
    name: "closing a session twice changes nothing",
    async run(trial) {
      const store = await trial.store();
      const session = await trial.session(store);
      await Promise.all([session.close(trial.options), session.close(trial.options)]);
      await session.close(trial.options);
    },
  },
  {
    name: "a claim of a session that ended is gone for update and withdraw",
    async run(trial) {
      const store = await trial.store();
      const session = await trial.session(store);
      const claim = await trial.stand(session);
      await session.close(trial.options);
      assert.equal(await session.update({ claim, registration: "late" }, trial.options), false);
      await session.withdraw(claim, trial.options);
      assert.deepEqual((await trial.read(store)).claims, []);
    },
  },
];
