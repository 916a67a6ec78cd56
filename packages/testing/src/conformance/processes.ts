import { strict as assert } from "node:assert";
import type { StoreDescription } from "@mandate/election";
import { acrossProcess } from "../process-boundary.ts";
import { vanishes } from "./expiry.ts";
import type { ConformanceCase } from "./trial.ts";
import { refuses } from "./trial.ts";

/** What happens to claims of a process that is killed. */
export function processCases(description: StoreDescription): readonly ConformanceCase[] {
  return [
    {
      name: "a killed process is noticed long before its session's TTL",
      applies: ({ capabilities }) => capabilities.noticesDeath,
      async run(trial) {
        const [store, doomed] = [await trial.store(), await acrossProcess(description)];
        await trial.stand(await trial.session(doomed));
        const watcher = trial.watch(store);
        await watcher.until("the claim", ({ claims }) => claims.length === 1);
        await doomed.kill();
        await watcher.until("the death", ({ claims }) => claims.length === 0);
      },
    },
    {
      name: "claims of a killed process vanish after its session's TTL",
      applies: ({ capabilities }) => !capabilities.noticesDeath,
      async run(trial) {
        const [store, doomed] = [await trial.store(), await acrossProcess(description)];
        const startMs = performance.now();
        const session = await trial.session(doomed, trial.shortTtlMs);
        const endMs = performance.now();
        await trial.stand(session);
        await doomed.kill();
        await vanishes(trial, { store, startMs, endMs, ttlMs: session.ttlMs });
      },
    },
    {
      name: "calls and watches of a store whose process was killed fail with STORE_UNAVAILABLE",
      async run(trial) {
        const doomed = await acrossProcess(description);
        const watcher = trial.watch(doomed);
        await watcher.next("the first snapshot");
        await doomed.kill();
        await refuses(watcher.next("the end of the watch"), "STORE_UNAVAILABLE");
        await refuses(trial.read(doomed), "STORE_UNAVAILABLE");
        await doomed.close();
        await refuses(trial.read(doomed), "CLOSED");
        assert.deepEqual((await trial.read(await trial.store())).claims, []);
      },
    },
  ];
}
