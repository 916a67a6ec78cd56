import { once } from "node:events";

import { expect, test, vi } from "vitest";

import { openStoreFolder } from "./folder/store-folder.ts";
import { thisMachine } from "./machine/machine.ts";
import { canUnshare, startPeer } from "./peer.test-support.ts";
import { Sessions } from "./session/sessions.ts";
import { machineOf, openHere, options, tempDirectory } from "./temp-store.test-support.ts";

const OTHER_PIDS = ["--pid", "--fork", "--mount-proc", "--kill-child"];
const OTHER_CLOCK = ["--time", "--monotonic", "1000", "--fork", "--kill-child"];
const TTL_MS = 1_500;

for (const flags of [OTHER_PIDS, OTHER_CLOCK]) {
  const skipped = !canUnshare(...flags);
  const what = flags === OTHER_PIDS ? "pids" : "clock";

  test.skipIf(skipped)(
    `a folder is not shared with a living container of other ${what}`,
    async () => {
      const directory = await tempDirectory();
      const wrapper = ["unshare", ...flags];
      const peer = startPeer(["stand", directory, "e", `${TTL_MS}`], { wrapper });
      expect(await peer.next()).toMatchObject({ term: "1" });
      const store = await openHere(directory);
      await expect(store.openSession({ ttlMs: TTL_MS }, options)).rejects.toMatchObject({
        code: "STORE_UNSUITABLE",
        message: expect.stringContaining("folder of its own"),
      });
      // The container, which was first, is left alone: it goes on to renew.
      const machine = await thisMachine();
      const sessions = new Sessions(await openStoreFolder(directory, machine), machine);
      const [id = ""] = await sessions.ids();
      const before = await sessions.inspect(id);
      await vi.waitFor(async () => {
        const { untilUs = 0 } = (await sessions.inspect(id)) ?? {};
        expect(untilUs).toBeGreaterThan(before?.untilUs ?? Infinity);
      }, TTL_MS);
    },
  );

  test.skipIf(skipped)(
    `a folder is taken over from an ended container of other ${what}`,
    async () => {
      const directory = await tempDirectory();
      const wrapper = ["unshare", ...flags];
      const peer = startPeer(["stand", directory, "e", `${TTL_MS}`], { wrapper });
      await peer.next();
      peer.process.kill("SIGKILL");
      await once(peer.process, "exit");
      const store = await openHere(directory);
      const killedMs = performance.now();
      const session = await store.openSession({ ttlMs: TTL_MS }, options);
      expect(performance.now() - killedMs).toBeLessThan(2 * TTL_MS);
      const { claim, snapshot } = await session.stand({ election: "e", registration: "" }, options);
      expect(claim.term).toBe(2n);
      expect(snapshot.claims).toEqual([claim]);
    },
  );
}

test.skipIf(!canUnshare("--pid", "--fork"))(
  "a /proc of other pids is no proof, and refused",
  async () => {
    const wrapper = ["unshare", "--pid", "--fork", "--kill-child"];
    const peer = startPeer(["stand", await tempDirectory(), "e", `${TTL_MS}`], { wrapper });
    expect(await peer.next()).toEqual({ error: "STORE_UNSUITABLE" });
  },
);

test("of two containers that come at the same time, none is let in beside the other", async () => {
  const directory = await tempDirectory();
  const stores = await Promise.all(
    ["pid:[1]", "pid:[2]"].map(async (pidNamespace) =>
      openHere(directory, await machineOf({ pidNamespace })),
    ),
  );
  const opened = await Promise.allSettled(
    stores.map((store) => store.openSession({ ttlMs: TTL_MS }, options)),
  );
  const refused = opened.filter((result) => result.status === "rejected");
  expect(refused.length).toBeGreaterThan(0);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: "STORE_UNSUITABLE" });
});
