import { expect, test } from "vitest";
import { checkName } from "./names.ts";

test.for([
  "jobs",
  "a/b",
  "eu west: jobs",
  "Zürich",
  "日本語",
  "🚀",
  "a".repeat(256),
  "..",
  "a\\b",
  '"',
])("takes %j as it is", (name) => {
  expect(() => checkName("election", name)).not.toThrow();
});

test.for([
  ["", /is empty/],
  ["a".repeat(257), /takes 257 bytes: use 256/],
  ["a\u0000b", /\\u\{0\}|\\u0000.*control/],
  ["line\nbreak", /control/],
  ["zero\u200bwidth", /\\u\{200b\}.*invisible/],
  ["right\u202eleft", /\\u\{202e\}/],
  ["lone \ud800", /control, invisible or unassigned/],
  ["e\u0301", /NFC/],
  [" padded", /trim it/],
  [7, /give a string/],
  [undefined, /give a string/],
] as const)("refuses %j, and says why in printable text", ([name, message]) => {
  expect(() => checkName("election", name)).toThrow(
    expect.objectContaining({ code: "INVALID_NAME", message: expect.stringMatching(message) }),
  );
  expect(() => checkName("election", name)).toThrow(/^[\x20-\x7e…]*$/);
});
