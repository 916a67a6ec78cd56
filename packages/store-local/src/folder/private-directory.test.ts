import { chmod, chown, mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { thisMachine } from "../machine/machine.ts";
import { tempDirectory } from "../temp-store.test-support.ts";
import { privateDirectory } from "./private-directory.ts";

const isRoot = process.geteuid?.() === 0;
const NOBODY = 65_534;

test("makes the folder, and those above it, for its owner alone", async () => {
  const parent = await tempDirectory();
  const path = join(parent, "state", "mandate", "local");
  expect(await make(path)).toBe(path);
  for (const made of [path, join(path, ".."), join(path, "..", "..")]) {
    expect((await stat(made)).mode & 0o777).toBe(0o700);
  }
  expect(await make(path)).toBe(path);
});

test("refuses a folder that others may enter, and says what to do", async () => {
  const path = await tempDirectory();
  for (const mode of [0o750, 0o704, 0o710]) {
    await chmod(path, mode);
    await expect(make(path)).rejects.toMatchObject({
      code: "ACCESS_DENIED",
      message: expect.stringContaining("chmod 700"),
    });
  }
});

test("refuses a link in place of the folder", async () => {
  const parent = await tempDirectory();
  await mkdir(join(parent, "real"), { mode: 0o700 });
  await symlink("real", join(parent, "link"));
  await expect(make(join(parent, "link"))).rejects.toMatchObject({ code: "ACCESS_DENIED" });
});

test("refuses a link to nothing in place of the folder, and makes nothing where it points", async () => {
  const parent = await tempDirectory();
  await symlink(join(parent, "elsewhere"), join(parent, "link"));
  await expect(make(join(parent, "link"))).rejects.toMatchObject({ code: "ACCESS_DENIED" });
  expect(await readdir(parent)).toEqual(["link"]);
});

test("refuses a file in place of the folder", async () => {
  const path = join(await tempDirectory(), "file");
  await writeFile(path, "");
  await expect(make(path)).rejects.toMatchObject({ code: "ACCESS_DENIED" });
  await expect(make(join(path, "below"))).rejects.toThrow();
});

test("refuses a folder below one in which every user can replace it", async () => {
  const parent = await tempDirectory();
  const open = join(parent, "open");
  await mkdir(open);
  await chmod(open, 0o777);
  await expect(make(join(open, "mine"))).rejects.toMatchObject({
    code: "ACCESS_DENIED",
    message: expect.stringContaining(open),
  });
  expect(await readdir(open)).toEqual([]);
  // As /tmp is: who may write in it cannot replace what others own.
  await chmod(open, 0o1777);
  expect(await make(join(open, "mine"))).toBe(join(open, "mine"));
});

test.skipIf(!isRoot)(
  "refuses a folder that belongs to another user, or that is below one that does",
  async () => {
    const path = join(await tempDirectory(), "theirs");
    await mkdir(path, { mode: 0o700 });
    await chown(path, NOBODY, NOBODY);
    for (const refused of [path, join(path, "mine")]) {
      await expect(make(refused)).rejects.toMatchObject({
        code: "ACCESS_DENIED",
        message: expect.stringContaining(`belongs to user ${NOBODY}`),
      });
    }
    expect(await readdir(path)).toEqual([]);
  },
);

test("refuses a network file system before it makes anything there", async () => {
  const parent = await tempDirectory();
  const machine = { ...(await thisMachine()), fileSystemType: async () => 0x6969 };
  await expect(privateDirectory(join(parent, "on-nfs"), machine)).rejects.toMatchObject({
    code: "STORE_UNSUITABLE",
    message: expect.stringMatching(/NFS.*name a folder on a local disk/),
  });
  expect(await readdir(parent)).toEqual([]);
});

test("refuses a file system that it does not know", async () => {
  await expect(make("/proc/self/mandate")).rejects.toMatchObject({ code: "STORE_UNSUITABLE" });
});

async function make(path: string): Promise<string> {
  return privateDirectory(path, await thisMachine());
}
