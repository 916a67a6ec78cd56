import { spawnSync } from "node:child_process";
import { chmod, chown, mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { startPeer } from "./peer.test-support.ts";
import { openHere, options, tempDirectory } from "./temp-store.test-support.ts";

const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;

test("everything in the folder is for its owner alone", async () => {
  const directory = await tempDirectory();
  const store = await openHere(directory);
  const session = await store.openSession({ ttlMs: 5_000 }, options);
  await session.stand({ election: "e", registration: "" }, options);
  await store.writeControl({ election: "e", text: "", expectedVersion: undefined }, options);
  const files = await readdir(directory, { recursive: true });
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    const stats = await stat(join(directory, file));
    // Whoever may not enter the folder reaches no socket in it, whatever its mode.
    if (!stats.isSocket()) expect([file, stats.mode & 0o077]).toEqual([file, 0]);
  }
});

test.skipIf(!isRoot)("another user can neither read a user's folder nor stand in it", async () => {
  const directory = await tempDirectory();
  const store = await openHere(directory);
  const session = await store.openSession({ ttlMs: 5_000 }, options);
  await session.stand({ election: "e", registration: "secret" }, options);
  const { status } = spawnSync("ls", [directory], { uid: NOBODY, gid: NOBODY });
  expect(status).not.toBe(0);
  const peer = startPeer(["stand", directory, "e", "5000"], { uid: NOBODY });
  expect(await peer.next()).toEqual({ error: "ACCESS_DENIED" });
});

test.skipIf(!isRoot)(
  "a user's folder is refused to root as well: its files would be root's",
  async () => {
    const parent = await tempDirectory();
    await chmod(parent, 0o755);
    const directory = join(parent, "theirs");
    await mkdir(directory, { mode: 0o700 });
    await chown(directory, NOBODY, NOBODY);
    const peer = startPeer(["stand", directory, "e", "5000"], { uid: NOBODY });
    expect(await peer.next()).toMatchObject({ term: "1" });
    await expect(openHere(directory)).rejects.toMatchObject({ code: "ACCESS_DENIED" });
  },
);
