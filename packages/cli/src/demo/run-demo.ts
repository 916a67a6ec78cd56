import { MandateError, openOperator } from "@mandate/election";
import { untilAborted } from "../until-aborted.ts";
import { Chaos } from "./chaos.ts";
import type { FaultKind } from "./audit/leader-changes.ts";
import { type DemoReport, judge } from "./audit/report.ts";
import { DataCentre } from "./data-centre.ts";
import { createDemoFolder, type DemoFolder } from "./demo-folder.ts";
import type { DemoPlan } from "./demo-plan.ts";
import { type DemoStore, openDemoStore } from "./demo-store.ts";
import { LoadGenerator } from "./load-generator.ts";
import { monotonicMs } from "./monotonic.ts";
import type { DataCentreMessage } from "./processes/messages.ts";
import { type RunningLedger, startLedger } from "./running-ledger.ts";
import type { Scoreboard } from "./scoreboard.ts";

/** The election that the demo's data centres stand in. */
export const demoElection = "mandate-demo";

/** What runs, for the live view. */
export interface RunningDemo {
  readonly store: DemoStore;
  readonly load: LoadGenerator;
  readonly kinds: readonly FaultKind[];
}

/** What a demo needs beside its plan. */
export interface DemoParts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ends it early; the report is about what was until then. */
  readonly signal: AbortSignal;
  readonly board: Scoreboard;
  /** Called once all is running. */
  readonly onRunning: (demo: RunningDemo) => void;
}

const sites = [
  { candidateId: "amsterdam", region: "westeurope" },
  { candidateId: "dublin", region: "northeurope" },
  { candidateId: "virginia", region: "eastus" },
] as const;

/** For clients who wait when the demo ends, longer than any of them does. */
const lastOrdersMs = 20_000;
const hurriedLastOrdersMs = 1_000;

/**
 * Runs a demo, and judges what it has shown. Everything that it has started is gone when this
 * settles.
 * @throws `INVALID_OPTIONS`, what the store throws, and the reason of `signal` when that aborts
 * before there is anything to report on
 */
export async function runDemo(plan: DemoPlan, parts: DemoParts): Promise<DemoReport> {
  const folder = createDemoFolder();
  const cleanup = new Cleanup();
  cleanup.add(() => folder.remove());
  try {
    return await runInFolder(plan, { ...parts, folder, cleanup });
  } finally {
    await cleanup.run();
  }
}

interface Stage extends DemoParts {
  readonly folder: DemoFolder;
  readonly cleanup: Cleanup;
}

async function runInFolder(plan: DemoPlan, stage: Stage): Promise<DemoReport> {
  const { board, cleanup, environment, folder, signal } = stage;
  const candidateIds = sites.map(({ candidateId }) => candidateId);
  const store = await openDemoStore({
    store: plan.store,
    candidateIds,
    folder,
    environment,
    signal,
  });
  cleanup.add(() => store.close());
  await refuseIfInUse(store);
  const kinds = possibleKinds(plan.chaos, store, board);

  const failed = new AbortController();
  let staleTerm = "";
  const ledger = await startLedger({
    folder,
    election: demoElection,
    onStaleWrite(term) {
      board.staleWritesRefused += 1;
      // They come many at a time, and are news once.
      if (term !== staleTerm) board.tell("note", `the ledger refuses late writes of term ${term}`);
      staleTerm = term;
    },
    onCrash: (error) => failed.abort(error),
  });
  cleanup.add(() => ledger.close());
  signal.throwIfAborted();

  const centres = makeCentres({ ...stage, store, ledger, failed });
  cleanup.add(async () => {
    await Promise.all([...centres.values()].map((centre) => centre.kill()));
  });
  board.startedAtMs = monotonicMs();
  await untilAborted(Promise.all([...centres.values()].map((centre) => centre.start())), signal);

  const load = new LoadGenerator({
    rps: plan.rps,
    targets: () => [...board.centres.values()].flatMap(({ url }) => url ?? []),
    onAccepted({ term }) {
      if (term > board.highestTerm) board.highestTerm = term;
      board.changed();
    },
  });
  const { everyMs } = plan;
  const { ttlMs } = store;
  const chaos = new Chaos({ kinds, everyMs, ttlMs, centres, board, store, load });
  stage.onRunning({ store, load, kinds });
  const hurry = AbortSignal.any([signal, failed.signal]);
  await runLoad(plan, { load, chaos, hurry });
  failed.signal.throwIfAborted();
  await Promise.all([...centres.values()].map((centre) => centre.close()));
  return judge({
    store: plan.store,
    startedAtMs: board.startedAtMs,
    accepted: load.accepted,
    refused: load.refused,
    entries: await ledger.entries(),
    staleWritesRefused: board.staleWritesRefused,
    journals: [...centres.values()].flatMap((centre) => centre.journals()),
    faults: chaos.faults,
  });
}

async function runLoad(
  plan: DemoPlan,
  parts: { readonly load: LoadGenerator; readonly chaos: Chaos; readonly hurry: AbortSignal },
): Promise<void> {
  const { load, chaos, hurry } = parts;
  const over = AbortSignal.any([hurry, AbortSignal.timeout(plan.forMs)]);
  load.start();
  try {
    await Promise.all([chaos.run(over, hurry), aborted(over)]);
  } finally {
    await load.stop(hurry.aborted ? hurriedLastOrdersMs : lastOrdersMs);
  }
}

function makeCentres(
  stage: Stage & {
    readonly store: DemoStore;
    readonly ledger: RunningLedger;
    readonly failed: AbortController;
  },
): ReadonlyMap<string, DataCentre> {
  const { board, failed, folder, ledger, store } = stage;
  const centres = new Map<string, DataCentre>();
  for (const { candidateId, region } of sites) {
    board.setCentre(candidateId, { region });
    const settings = {
      candidateId,
      region,
      election: demoElection,
      store: store.describeFor(candidateId),
      ttlMs: store.ttlMs,
      ledgerUrl: ledger.url,
    };
    const centre = new DataCentre({
      settings,
      folder,
      onMessage: (message) => noteMessage(board, candidateId, message),
      onCrash: (error) => failed.abort(error),
    });
    centres.set(candidateId, centre);
  }
  return centres;
}

/** Brings what a data centre tells to the board. */
function noteMessage(board: Scoreboard, id: string, message: DataCentreMessage): void {
  switch (message.kind) {
    case "listening":
      board.setCentre(id, { url: message.url, state: "running" });
      break;
    case "elected": {
      const { atMs, term } = message;
      // A leader that was stopped may speak when the next one has long been elected.
      if (board.leader !== undefined && board.leader.term >= term) break;
      board.leader = { candidateId: id, term, sinceMs: atMs, serving: false };
      board.tell("leader", `${id} is elected in term ${term}`);
      break;
    }
    case "serving": {
      const { lastSequence, term } = message;
      if (board.leader?.term === term) board.leader = { ...board.leader, serving: true };
      board.tell(
        "leader",
        `${id} takes orders in term ${term}, from number ${lastSequence + 1} on`,
      );
      break;
    }
    case "draining":
      if (board.leader?.term === message.term) board.leader = { ...board.leader, serving: false };
      board.tell("leader", `${id} ends term ${message.term}: ${message.reason}`);
      break;
    case "note":
      board.tell("note", `${id}: ${message.text}`);
      break;
    case "failed":
      break; // its start fails with it
  }
  board.changed();
}

function possibleKinds(
  wanted: readonly FaultKind[] | undefined,
  store: DemoStore,
  board: Scoreboard,
): readonly FaultKind[] {
  const all: readonly FaultKind[] = wanted ?? ["kill", "stop", "cut"];
  if (store.uncuttable === undefined || !all.includes("cut")) return all;
  board.tell("note", `cut is left out: ${store.uncuttable}`);
  return all.filter((kind) => kind !== "cut");
}

async function refuseIfInUse(store: DemoStore): Promise<void> {
  const operator = await openOperator(store.describeFor(""));
  try {
    const { contenders } = await operator.election(demoElection).status();
    if (contenders.length === 0) return;
  } finally {
    await operator.close();
  }
  throw new MandateError(
    `somebody stands in the election ${demoElection} of this store: another demo runs on it, or ` +
      "one was ended a moment ago; wait for it, or use another store",
    { code: "INVALID_OPTIONS", applied: "no" },
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** What is to be done at the end, the last first. */
class Cleanup {
  readonly #steps: (() => Promise<void>)[] = [];

  add(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  /** Does all of it, even when a step fails; then throws the first failure. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.reverse()) {
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}
