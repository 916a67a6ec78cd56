import { strict as assert } from "node:assert";
import type { Store } from "@mandate/election";
import type { ConformanceCase, Trial } from "./trial.ts";
import { refuses, untilMs } from "./trial.ts";

/** Sessions live as long as they are renewed, and no longer. */
export const expiryCases: readonly ConformanceCase[] = [
  {
    name: "claims of a session that is not renewed stay for its TTL, then vanish",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const startMs = performance.now();
      const session = await trial.session(a, trial.shortTtlMs);
      const openMs = performance.now();
      await trial.stand(session);
      await vanishes(trial, { store: b, startMs, endMs: openMs, ttlMs: session.ttlMs });
    },
  },
  {
    name: "renewing extends a session by its TTL, again and again",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      let startMs = performance.now();
      const session = await trial.session(a, trial.shortTtlMs);
      let endMs = performance.now();
      const claim = await trial.stand(session);
      for (let round = 0; round < 5; round++) {
        await untilMs(startMs + session.ttlMs / 3);
        startMs = performance.now();
        await session.renew(trial.options);
        endMs = performance.now();
      }
      assert.deepEqual((await trial.read(b)).claims, [claim], "it was renewed in time");
      await vanishes(trial, { store: b, startMs, endMs, ttlMs: session.ttlMs });
    },
  },
  {
    name: "a session that ran out is lost: it cannot be renewed or stand, nobody else's is",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const other = await trial.session(a);
      const startMs = performance.now();
      const session = await trial.session(a, trial.shortTtlMs);
      const endMs = performance.now();
      const claim = await trial.stand(session);
      await vanishes(trial, { store: b, startMs, endMs, ttlMs: session.ttlMs });
      await refuses(session.renew(trial.options), "SESSION_LOST");
      await refuses(trial.stand(session), "SESSION_LOST");
      assert.equal(await session.update({ claim, registration: "late" }, trial.options), false);
      await session.withdraw(claim, trial.options);
      await session.close(trial.options);
      await other.renew(trial.options);
      assert.deepEqual((await trial.read(b)).claims, []);
    },
  },
  {
    name: "watchers learn that a session ran out",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const session = await trial.session(a, trial.shortTtlMs);
      await trial.stand(session);
      const watcher = trial.watch(b);
      await watcher.until("the claim", ({ claims }) => claims.length === 1);
      await untilMs(performance.now() + session.ttlMs);
      await watcher.until("the expiry", ({ claims }) => claims.length === 0);
    },
  },
  {
    name: "closing a client leaves its sessions to their TTL",
    // A store that notices deaths may end them at once when closing the client ends its process.
    applies: ({ capabilities, acrossProcess }) => !(capabilities.noticesDeath && acrossProcess),
    async run(trial) {
      const [a, b] = [await trial.ownStore(), await trial.store()];
      const startMs = performance.now();
      const session = await trial.session(a, trial.shortTtlMs);
      const endMs = performance.now();
      const claim = await trial.stand(session);
      await a.close();
      if (performance.now() < startMs + session.ttlMs / 2) {
        assert.deepEqual((await trial.read(b)).claims, [claim]);
      }
      await vanishes(trial, { store: b, startMs, endMs, ttlMs: session.ttlMs });
    },
  },
];

interface Vanishing {
  /** Who looks. */
  readonly store: Store;
  /** When the last call that extended the session was sent, and when it was answered. */
  readonly startMs: number;
  readonly endMs: number;
  readonly ttlMs: number;
}

/** Asserts that the election's only claim vanishes no earlier and no later than it may. */
export async function vanishes(trial: Trial, { store, startMs, endMs, ttlMs }: Vanishing) {
  const latestMs = endMs + ttlMs + trial.expiryLagMs;
  for (;;) {
    const askedMs = performance.now();
    const { claims } = await trial.read(store);
    if (claims.length === 0) break;
    assert(askedMs < latestMs, `the claim was there ${askedMs - endMs} ms after the renewal`);
    await untilMs(performance.now() + 5);
  }
  const livedMs = performance.now() - startMs;
  assert(livedMs >= ttlMs, `the claim vanished ${livedMs} ms after the renewal, TTL ${ttlMs} ms`);
}
