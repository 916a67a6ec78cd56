import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { thisMachine } from "../machine/machine.ts";
import { Sessions } from "../session/sessions.ts";
import { tempFolder } from "../temp-store.test-support.ts";
import { encodeClaim, SnapshotReader } from "./snapshot-reader.ts";

const TTL_MS = 60_000;

test("a snapshot is of one moment, even if claims and sessions end while it is read", async () => {
  const { folder, reader, sessions, untilUs } = await withSessions("a", "b");
  await reader.files.addClaim(encodeClaim("a", ""), () => {});
  await reader.files.addClaim(encodeClaim("b", ""), () => {});
  const between = new InterruptedSessions(folder, await thisMachine(), async () => {
    // First one claim ends, then the other one's session: there never was the first alone.
    await reader.files.markGone(1);
    await sessions.end("b", untilUs);
  });
  const { snapshot } = await new SnapshotReader(folder, between, "e").read();
  expect(snapshot.claims).toEqual([]);
  expect(between.interrupted).toBe(true);
});

test("claims show the latest registration and go with their sessions", async () => {
  const { reader, sessions, untilUs } = await withSessions("a", "b");
  await reader.files.addClaim(encodeClaim("a", "first"), () => {});
  await reader.files.addClaim(encodeClaim("b", "other"), () => {});
  await reader.files.addRegistration(1, 1, "second");
  const claim = { election: "e", id: "1", term: 1n, sessionId: "a", registration: "second" };
  expect((await reader.read()).snapshot).toMatchObject({
    revision: 2n,
    claims: [claim, { id: "2", registration: "other" }],
  });
  await sessions.end("b", untilUs);
  expect((await reader.read()).snapshot).toMatchObject({ revision: 2n, claims: [claim] });
});

test("a claim that a power failure left empty counts for its number alone", async () => {
  const { reader } = await withSessions("a");
  await reader.files.addClaim(encodeClaim("a", ""), () => {});
  const listing = await reader.files.list();
  if (listing === undefined) throw new Error("the election is not there");
  await writeFile(join(reader.files.path(listing.generation), "2"), "");
  const { snapshot } = await reader.read();
  expect(snapshot.claims.map(({ term }) => term)).toEqual([1n]);
  expect(snapshot.revision).toBe(2n);
});

/** Sessions in whose reading something happens once. */
class InterruptedSessions extends Sessions {
  interrupted = false;
  readonly #interrupt: () => Promise<void>;

  constructor(...[folder, machine, interrupt]: InterruptedParameters) {
    super(folder, machine);
    this.#interrupt = interrupt;
  }

  override async alive(ids: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    if (!this.interrupted) await this.#interrupt();
    this.interrupted = true;
    return super.alive(ids);
  }
}

type InterruptedParameters = readonly [
  ...ConstructorParameters<typeof Sessions>,
  interrupt: () => Promise<void>,
];

async function withSessions(...ids: readonly string[]) {
  const machine = await thisMachine();
  const folder = await tempFolder();
  const sessions = new Sessions(folder, machine);
  const untilUs = machine.nowUs() + TTL_MS * 1000;
  for (const id of ids)
    await sessions.create(id, { process: machine.self, ttlMs: TTL_MS }, untilUs);
  return { folder, sessions, untilUs, reader: new SnapshotReader(folder, sessions, "e") };
}
