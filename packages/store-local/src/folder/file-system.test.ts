import { expect, test } from "vitest";

import { fileSystemFault } from "./file-system.ts";

test("local file systems can hold the store", () => {
  for (const magic of [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630]) {
    expect(fileSystemFault(magic)).toBeUndefined();
  }
});

test("the kernel's number may have a sign", () => {
  expect(fileSystemFault(0x9123683e | 0)).toBeUndefined();
});

test("network file systems are refused by name, unknown ones by number", () => {
  expect(fileSystemFault(0x6969)).toBe("NFS");
  expect(fileSystemFault(0xff534d42 | 0)).toContain("SMB");
  expect(fileSystemFault(0x01021997)).toContain("9p");
  expect(fileSystemFault(0x65735546)).toContain("FUSE");
  expect(fileSystemFault(0x12345)).toContain("0x12345");
});
