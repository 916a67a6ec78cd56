import { strict as assert } from "node:assert";
import { getEventListeners } from "node:events";
import type { CallOptions, Claim, Store, StoreSession } from "@mandate/election";
import type { ConformanceCase, Trial } from "./trial.ts";
import { refuses } from "./trial.ts";
import { within } from "./watcher.ts";

const DEADLINE_MS = 5_000;

/** Calls can be given up, leave nothing behind, and fail once their store is closed. */
export const callCases: readonly ConformanceCase[] = [
  {
    name: "a call whose signal is aborted rejects with its reason and does nothing",
    async run(trial) {
      const { store, session, calls } = await allCalls(trial);
      const before = await trial.read(store);
      const reason = new Error("nobody wants the answer");
      for (const [name, call] of calls) {
        const outcome = await outcomeOf(call({ signal: AbortSignal.abort(reason) }), name);
        assert.equal(outcome.error, reason, `${name} rejects with the reason`);
      }
      await session.renew(trial.options);
      const { claims, control } = await trial.read(store);
      assert.deepEqual({ claims, control }, { claims: before.claims, control: before.control });
    },
  },
  {
    name: "a call that is aborted on its way settles soon, with its answer or the reason",
    async run(trial) {
      const { calls } = await allCalls(trial);
      for (const [name, call] of calls) {
        const controller = new AbortController();
        const reason = new Error("nobody wants the answer any more");
        const settled = outcomeOf(call({ signal: controller.signal }), name);
        controller.abort(reason);
        const { error } = await settled;
        assert(error === undefined || error === reason, `${name} rejected with ${String(error)}`);
      }
    },
  },
  {
    name: "calls leave no listener on their signal, also when they fail",
    async run(trial) {
      const { session, calls } = await allCalls(trial);
      const { signal } = new AbortController();
      const check = async ([name, call]: NamedCall): Promise<void> => {
        await outcomeOf(call({ signal }), name);
        assert.deepEqual(getEventListeners(signal, "abort"), [], `${name} left a listener`);
      };
      for (const each of calls) await check(each);
      // The session is closed now, so that some of them fail.
      for (const each of calls) await check(each);
      await refuses(session.renew({ signal }), "SESSION_LOST");
    },
  },
  {
    name: "a client can be closed twice, and every call after that fails with CLOSED",
    async run(trial) {
      const store = await trial.ownStore();
      const { calls } = await allCalls(trial, store);
      await Promise.all([store.close(), store.close()]);
      await store.close();
      for (const [name, call] of calls) {
        await refuses(within(DEADLINE_MS, call(trial.options), name), "CLOSED");
      }
      const watch = store.watch(trial.election, trial.options);
      await refuses(within(DEADLINE_MS, watch[Symbol.asyncIterator]().next(), "watch"), "CLOSED");
    },
  },
  {
    name: "closing one client leaves the others and their sessions alone",
    async run(trial) {
      const [a, b] = [await trial.ownStore(), await trial.store()];
      const session = await trial.session(b);
      const claim = await trial.stand(session);
      const watcher = trial.watch(b);
      await watcher.until("the claim", ({ claims }) => claims.length === 1);
      await a.close();
      await session.renew(trial.options);
      await session.withdraw(claim, trial.options);
      await watcher.until("the withdrawal", ({ claims }) => claims.length === 0);
    },
  },
];

type NamedCall = readonly [name: string, call: (options: CallOptions) => Promise<unknown>];

interface AllCalls {
  readonly store: Store;
  readonly session: StoreSession;
  /** Each call of the contract; the last one closes the session. */
  readonly calls: readonly NamedCall[];
}

async function allCalls(trial: Trial, own?: Store): Promise<AllCalls> {
  const store = own ?? (await trial.store());
  const session = await trial.session(store);
  const claim = await trial.stand(session);
  return { store, session, calls: callsOf(trial, { store, session, claim }) };
}

function callsOf(
  { election, capabilities }: Trial,
  { store, session, claim }: Omit<AllCalls, "calls"> & { readonly claim: Claim },
): readonly NamedCall[] {
  const control = { election, text: "written", expectedVersion: undefined };
  const other = { election: `${election}-other`, registration: "" };
  return [
    ["openSession", (options) => store.openSession({ ttlMs: capabilities.ttlFloorMs }, options)],
    ["read", (options) => store.read(election, options)],
    ["writeControl", (options) => store.writeControl(control, options)],
    ["renew", (options) => session.renew(options)],
    ["claims", (options) => session.claims(options)],
    ["update", (options) => session.update({ claim, registration: "updated" }, options)],
    ["withdraw", (options) => session.withdraw(claim, options)],
    [
      "stand",
      (options) =>
        session.stand(capabilities.sharedSession ? other : { ...other, election }, options),
    ],
    ["close", (options) => session.close(options)],
  ];
}

async function outcomeOf(
  call: Promise<unknown>,
  name: string,
): Promise<{ readonly error: unknown }> {
  const settled = call.then(
    () => ({ error: undefined }),
    (error: unknown) => ({ error }),
  );
  return await within(DEADLINE_MS, settled, name);
}
