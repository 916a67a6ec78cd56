import { property, string, assert as holds, constantFrom, nat, record } from "fast-check";
import { expect, test } from "vitest";

import {
  electionFolderName,
  entryName,
  generationName,
  parseEntry,
  parseGeneration,
} from "./file-names.ts";

test("an election's folder is a short plain name, whatever the election is called", () => {
  holds(
    property(string({ unit: "binary", maxLength: 300 }), (election) => {
      expect(electionFolderName(election)).toMatch(/^[a-z0-9-]{0,40}\.[0-9a-f]{32}$/);
    }),
  );
});

test("elections whose names differ in anything have folders of their own", () => {
  const names = ["a", "A", "a/b", "a/b/c", "a b", ".", "..", "é", "e\u0301", "a".repeat(200)];
  const longer = [...names, `${"a".repeat(199)}b`, "請求", "請 求"];
  expect(new Set(longer.map(electionFolderName)).size).toBe(longer.length);
});

test("a folder's name shows people which election it holds", () => {
  expect(electionFolderName("Billing/Scheduler")).toMatch(/^billing-scheduler\./);
});

test("entries are read back from their names", () => {
  const kinds = constantFrom("claim", "gone", "registration", "control");
  holds(
    property(record({ kind: kinds, number: nat(), version: nat() }), (entry) => {
      const read = parseEntry(entryName(entry));
      expect(read).toEqual(expect.objectContaining({ kind: entry.kind }));
      expect(entry).toEqual(expect.objectContaining(read));
    }),
  );
});

test("generations are read back from their names", () => {
  holds(
    property(record({ epoch: nat(), claims: nat(), control: nat() }), (generation) => {
      expect(parseGeneration(generationName(generation))).toEqual(generation);
    }),
  );
});

test("files of others are no entries", () => {
  for (const name of [".DS_Store", "1.tmp", "c", "1.r", "-1", "1.5", "9".repeat(16)]) {
    expect(parseEntry(name)).toBeUndefined();
    expect(parseGeneration(name)).toBeUndefined();
  }
});
