import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { conformance } from "./conformance.ts";
import type { Alteration } from "./fixtures/altered-store.test-support.ts";
import { alteredStore } from "./fixtures/altered-store.test-support.ts";
import * as broken from "./fixtures/broken-stores.test-support.ts";
import { MemoryServer } from "./memory-server.ts";
import { memoryStore } from "./memory-store.ts";

/** Runs the whole suite on a store and gives the names of the cases that fail. */
async function failuresOf(
  alteration: Alteration,
  server = new MemoryServer(),
): Promise<readonly string[]> {
  const failed: string[] = [];
  const runs: Promise<void>[] = [];
  conformance({
    test: (name, run) => runs.push(run().catch(() => void failed.push(name))),
    open: async () => alteredStore(memoryStore({ server }), alteration),
    capabilities: server.capabilities,
    expiryLagMs: 300,
  });
  await Promise.all(runs);
  return failed.toSorted();
}

/** A server whose sessions live longer or shorter than they say. */
function serverWithTtlTimes(factor: number): MemoryServer {
  return new MemoryServer({
    clock: {
      now: () => ({ monotonicMs: performance.now() / factor, wallMs: 0 }),
      setTimer: (delayMs, callback) => {
        const timer = setTimeout(callback, Math.ceil(delayMs * factor)).unref();
        return () => clearTimeout(timer);
      },
    },
  });
}

const expiry = [
  "a session that ran out is lost: it cannot be renewed or stand, nobody else's is",
  "claims of a session that is not renewed stay for its TTL, then vanish",
  "closing a client leaves its sessions to their TTL",
  "renewing extends a session by its TTL, again and again",
];
const laterClaim = "withdrawing a claim that is gone leaves the same session's later claim (S7)";
const revisions = "a snapshot's revision never falls, and is never below the term of a claim in it";

test.concurrent("nothing fails on a store that keeps its promises", async () => {
  expect(await failuresOf({})).toEqual([]);
});

test.concurrent("a session that lives longer than the bound allows is found", async () => {
  expect(await failuresOf({}, serverWithTtlTimes(1.6))).toEqual(expiry);
});

test.concurrent("a session that ends before its TTL is found", async () => {
  expect(await failuresOf({}, serverWithTtlTimes(0.8))).toEqual(expiry);
});

test.concurrent("reads that are not linearizable are found", async () => {
  const failed = await failuresOf(broken.readsStale);
  expect(failed).toContain("a read shows all that was done before it began, by whomever");
});

const defects: readonly {
  readonly defect: string;
  readonly alteration: Alteration;
  readonly failed: readonly string[];
}[] = [
  {
    defect: "a renewal that hides the loss of the session",
    alteration: broken.renewsLostSessions,
    failed: [
      "a session that ran out is lost: it cannot be renewed or stand, nobody else's is",
      "calls leave no listener on their signal, also when they fail",
      "closing a session ends it and its claims at once, and no other session's",
    ],
  },
  {
    defect: "a withdrawal that removes the session's later claim",
    alteration: broken.withdrawsLaterClaims,
    failed: [laterClaim],
  },
  {
    defect: "a withdrawal that removes a successor",
    alteration: broken.withdrawsSuccessors,
    failed: [laterClaim, "withdrawing removes exactly that claim, and again changes nothing (S7)"],
  },
  {
    defect: "a second claim that is said to be the new one",
    alteration: broken.standsAgain,
    failed: ["standing again returns the first claim as it is, also when both are under way"],
  },
  {
    defect: "a watch that loses the last change",
    alteration: broken.watchLosesTheLast,
    failed: ["a slow watcher may miss changes, never the last one"],
  },
  {
    defect: "a watch that ends quietly when it is aborted",
    alteration: broken.watchEndsQuietly,
    failed: ["an aborted watch ends with the signal's reason and leaves no listener"],
  },
  {
    defect: "a control record that is written without comparing",
    alteration: broken.writesWithoutComparing,
    failed: ["of writers at the same time exactly one succeeds, the first write included"],
  },
  {
    defect: "an election that shows the claims of another whose name begins the same",
    alteration: broken.mixesPrefixes,
    failed: [
      "elections stay apart: names that contain others, slashes, dots, spaces, unicode, case",
    ],
  },
  {
    defect: "an abort that hides its reason",
    alteration: broken.hidesTheReason,
    failed: ["a call whose signal is aborted rejects with its reason and does nothing"],
  },
  {
    defect: "a listener that is left behind",
    alteration: broken.leaksListeners,
    failed: ["calls leave no listener on their signal, also when they fail"],
  },
  {
    defect: "a client that cannot be closed",
    alteration: broken.staysOpen,
    failed: [
      "a client can be closed twice, and every call after that fails with CLOSED",
      "closing a client ends its watches with CLOSED",
    ],
  },
  {
    defect: "a registration that is cut",
    alteration: broken.cutsRegistrations,
    failed: ["registrations come back as they are: long ones, unicode, control characters, none"],
  },
  {
    defect: "a term that is given twice",
    alteration: broken.repeatsTerms(),
    failed: [
      revisions,
      "terms grow strictly, also after all claims were withdrawn and all sessions closed",
      "updating a claim that is gone changes nothing and says so",
      laterClaim,
    ],
  },
];

test.concurrent.for(defects)("$defect is found", async ({ alteration, failed }) => {
  expect(await failuresOf(alteration)).toEqual(failed.toSorted());
});

test("the suite runs under node:test as well", async () => {
  const program = fileURLToPath(new URL("fixtures/node-test.test-support.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=mandate-source",
    "--test-reporter=tap",
    "--test-name-pattern=^(standing|withdrawing)",
    program,
  ]);
  expect(stdout).toMatch(/^# pass 4$/m);
  expect(stdout).toMatch(/^# fail 0$/m);
});
