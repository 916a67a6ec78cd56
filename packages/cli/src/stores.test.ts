import { expect, test } from "vitest";
import { describeStore } from "./stores.ts";

test("a local store is described by its folder", async () => {
  const { module, options } = await describeStore("local:/var/lib/x", {});
  expect(module).toMatch(/store-local/);
  expect(options).toEqual({ directory: "/var/lib/x" });
});

test("credentials for etcd come from the environment", async () => {
  const { options } = await describeStore("etcd://10.0.0.1,10.0.0.2:1/app", {
    MANDATE_ETCD_USER: "me",
    MANDATE_ETCD_PASSWORD: "secret",
  });
  expect(options).toMatchObject({
    endpoints: ["http://10.0.0.1:2379", "http://10.0.0.2:1"],
    user: "me",
    password: "secret",
  });
});

test.for(["redis://x", "x", "", "etcd3://x", "://"])(
  "%j names no store, and the known ones are listed",
  async (url) => {
    await expect(describeStore(url, {})).rejects.toMatchObject({
      code: "UNKNOWN_STORE",
      message: expect.stringMatching(/local:\[DIRECTORY\], etcd\[s\]:/),
    });
  },
);

test.for(["etcd://me:secret@10.0.0.1", "redis://me:secret@10.0.0.1", "me:secret@10.0.0.1"])(
  "what may be a password in %s is not repeated",
  async (url) => {
    await expect(describeStore(url, {})).rejects.toSatisfy(
      (error) => error instanceof Error && !error.message.includes("secret"),
    );
  },
);
