import { type Election, openSession, type StoreDescription } from "@mandate/election";
import { afterEach, describe, expect, test } from "vitest";
import { mandate, type ProgramResult, startMandate } from "./program.test-support.ts";

/** A store that the program is tried on. */
export interface SuiteStore {
  readonly name: string;
  readonly url: () => string;
  readonly description: () => StoreDescription;
}

/** Long enough for a busy machine: here nobody is to fail. */
const ttlMs = 10_000;

/** Tries all commands of the real program on a store with real candidates. */
export function testCommands(store: SuiteStore): void {
  const stage = createStage(store);
  describe(store.name, () => {
    afterEach(() => stage.clear());
    testReading(stage);
    testChanging(stage);
  });
}

/** Candidates, and the program, on the store. */
interface Stage {
  /** To be closed after the test, the last first. */
  readonly cleanups: (() => Promise<void>)[];
  readonly store: SuiteStore;
  /** Runs the program. */
  readonly run: (...args: readonly string[]) => Promise<ProgramResult>;
  /** Lets dublin lead, and virginia stand behind it. */
  readonly standTwo: (election: string) => Promise<Election>;
  readonly clear: () => Promise<void>;
}

function createStage(store: SuiteStore): Stage {
  const cleanups: (() => Promise<void>)[] = [];
  const stand = async (id: string, election: string): Promise<Election> => {
    const candidate = { id, region: "westeurope", url: `http://${id}.test` };
    const session = await openSession(store.description(), { ttlMs, candidate });
    const standing = session.election(election);
    const stop = new AbortController();
    const leading = standing
      .lead(
        ({ signal }) => new Promise<void>((end) => signal.addEventListener("abort", () => end())),
        {
          signal: stop.signal,
        },
      )
      .catch(() => undefined);
    cleanups.push(async () => {
      stop.abort();
      await leading;
      await session.close();
    });
    return standing;
  };
  return {
    cleanups,
    store,
    run: (...args) => mandate([...args, "--store", store.url()]),
    async standTwo(election) {
      const first = await stand("dublin", election);
      await until(first, (ids) => ids[0] === "dublin");
      await stand("virginia", election);
      await until(first, (ids) => ids.length === 2);
      return first;
    },
    async clear() {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    },
  };
}

function testReading({ run, standTwo }: Stage): void {
  test("an election that nobody knows has no leader and no history", async () => {
    expect(await run("status", "nobody")).toEqual({
      exitCode: 0,
      stdout: "nobody leads nobody\nnobody stands in it\n",
      stderr: "",
    });
    const { stdout } = await run("history", "nobody", "--json");
    expect(JSON.parse(stdout)).toEqual({ election: "nobody", terms: [] });
  });

  test("a request to the leader of nothing ends with exit code 4", async () => {
    const failed = await run("resign", "nobody");
    expect(failed).toMatchObject({ exitCode: 4, stdout: "" });
    expect(failed.stderr).toMatch(/^mandate: nobody leads "nobody"/);
    const json = await run("transfer", "nobody", "--to", "x", "--json");
    expect(json).toMatchObject({ exitCode: 4, stderr: "" });
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: "NO_LEADER" } });
  });

  test("status and history show who leads, for people and as JSON", async () => {
    const election = await standTwo("shown");
    const { stdout } = await run("status", "shown");
    expect(stdout).toMatch(/^dublin leads shown in term \d+\n/);
    expect(stdout).toMatch(/\* +dublin +\d+ +healthy +westeurope +0 +http:\/\/dublin.test/);
    const json: unknown = JSON.parse((await run("status", "shown", "--json")).stdout);
    const { term } = await election.status();
    expect(json).toMatchObject({
      election: "shown",
      leader: { candidate: { id: "dublin" }, healthy: true, foreign: false },
      term: String(term),
      contenders: [{}, { candidate: { id: "virginia" } }],
      paused: false,
    });
    await expect.poll(() => election.history(), { timeout: 10_000 }).toHaveLength(1);
    expect((await run("history", "shown")).stdout).toMatch(/^term +leader[^\n]*\n\d+ +dublin +20/);
  });
}

function testChanging({ cleanups, run, standTwo, store }: Stage): void {
  test("observe prints what is and each change, until it is interrupted", async () => {
    await standTwo("watched");
    const { child, nextLine, result } = startMandate(["observe", "watched", "--json"], {
      MANDATE_STORE: store.url(),
    });
    expect(JSON.parse((await nextLine()) ?? "")).toMatchObject({
      leader: { candidate: { id: "dublin" } },
    });
    const resigned = await run("resign", "watched", "--json");
    expect(resigned).toMatchObject({ exitCode: 0, stderr: "" });
    for (let leader = "dublin"; leader !== "virginia";) {
      const line = JSON.parse((await nextLine()) ?? "") as {
        readonly leader: { readonly candidate: { readonly id: string } };
      };
      leader = line.leader.candidate.id;
    }
    child.kill("SIGINT");
    expect(await result()).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("transfer hands over to the candidate that is named, and to no stranger", async () => {
    const election = await standTwo("handed");
    const stranger = await run("transfer", "handed", "--to", "nobody");
    expect(stranger).toMatchObject({ exitCode: 4, stdout: "" });
    expect(stranger.stderr).toContain("there are: dublin, virginia");
    const { exitCode, stdout } = await run("transfer", "handed", "--to", "virginia");
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^handed over: virginia leads handed in term \d+\n$/),
    });
    expect((await election.status()).leader?.candidate.id).toBe("virginia");
  });

  test("while an election is paused nobody new leads", async () => {
    const election = await standTwo("paused");
    expect((await run("pause", "paused")).stdout).toMatch(/^paused is paused: nobody new leads/);
    expect((await run("status", "paused")).stdout).toContain("paused: nobody new leads until");
    expect((await election.status()).paused).toBe(true);
    const resumed = await run("resume", "paused", "--json");
    expect(JSON.parse(resumed.stdout)).toEqual({ election: "paused", paused: false });
    expect((await election.status()).paused).toBe(false);
  });

  test("a leader that does not act in time is told of, with exit code 6", async () => {
    const session = await openSession(store.description(), { ttlMs, candidate: { id: "deaf" } });
    const stop = Promise.withResolvers<void>();
    const leading = session.election("deaf").lead(() => stop.promise);
    cleanups.push(async () => {
      stop.resolve();
      await leading;
      await session.close();
    });
    await until(session.election("deaf"), (ids) => ids.length === 1);
    const failed = await run("resign", "deaf", "--timeout", "300ms");
    expect(failed).toMatchObject({ exitCode: 6, stdout: "" });
    expect(failed.stderr).toMatch(/did not act within 300 ms/);
  });
}

/** Waits until the ids of those who stand, the leader first, are as asked for. */
async function until(election: Election, ask: (ids: readonly string[]) => boolean): Promise<void> {
  const signal = AbortSignal.timeout(15_000);
  for await (const { contenders } of election.observe({ signal })) {
    if (ask(contenders.map(({ candidate }) => candidate.id))) return;
  }
}
