import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { local, openStore, parseLocalUrl } from "./local.ts";
import { tempDirectory } from "./temp-store.test-support.ts";

test("a URL names the default folder or another", () => {
  expect(parseLocalUrl("local:")).toEqual(local());
  expect(parseLocalUrl("local:/var/lib/app")).toEqual(local({ directory: "/var/lib/app" }));
  expect(parseLocalUrl("local:///var/lib/app")).toEqual(local({ directory: "/var/lib/app" }));
  expect(parseLocalUrl("local:/a%20b/%C3%A9/c d")).toEqual(local({ directory: "/a b/é/c d" }));
});

test.each([
  "local",
  "file:/a",
  "local:relative",
  "local:./relative",
  "local://host/a",
  "local:/a?b=c",
  "local:/a#b",
  "local:/%zz",
  "local:/a%00b",
])("the URL %s is refused", (url) => {
  expect(() => parseLocalUrl(url)).toThrow(expect.objectContaining({ code: "INVALID_OPTIONS" }));
});

test.each([undefined, null, "local:", { directory: 5 }, { directory: "a" }, { folder: "/a" }])(
  "the options %j are refused",
  async (options) => {
    await expect(openStore(options)).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
  },
);

test("a description is plain data, and the module that it names opens the store", async () => {
  const directory = await tempDirectory();
  const description = structuredClone(local({ directory }));
  const module = (await import(description.module)) as { readonly openStore: typeof openStore };
  const store = await module.openStore(description.options);
  await store.close();
  expect(await readdir(directory)).toContain("store");
});

test("two that make the store at once agree on its id", async () => {
  const { options } = local({ directory: await tempDirectory() });
  const stores = await Promise.all(Array.from({ length: 8 }, () => openStore(options)));
  const signal = AbortSignal.timeout(10_000);
  const ids = await Promise.all(
    stores.map(async (store) => (await store.read("e", { signal })).storeId),
  );
  expect(new Set(ids).size).toBe(1);
  await Promise.all(stores.map((store) => store.close()));
});

test("a folder in a newer format is refused, not guessed", async () => {
  const directory = await tempDirectory();
  await writeFile(join(directory, "store"), '{"format":2,"id":"?"}');
  await expect(openStore({ directory })).rejects.toMatchObject({
    code: "FORMAT_UNSUPPORTED",
    message: expect.stringContaining("upgrade"),
  });
});

test("a folder with somebody else's file of that name is refused, and the file left alone", async () => {
  const directory = await tempDirectory();
  await writeFile(join(directory, "store"), "milk, eggs");
  await expect(openStore({ directory })).rejects.toMatchObject({ code: "STORE_UNSUITABLE" });
  expect(await readFile(join(directory, "store"), "utf8")).toBe("milk, eggs");
});

test.skipIf(process.geteuid?.() === 0)("a folder that may not be written is refused", async () => {
  const directory = await tempDirectory();
  await chmod(directory, 0o500);
  await expect(openStore({ directory })).rejects.toMatchObject({ code: "ACCESS_DENIED" });
  await chmod(directory, 0o700);
  await rm(directory, { recursive: true });
});
