import { expect, test } from "vitest";
import { type JournalEntry, journalLine, parseJournal } from "./journal.ts";

const entries: readonly JournalEntry[] = [
  { type: "elected", atMs: 1.5, term: 2n ** 60n, validUntilMs: 9 },
  { type: "session-renewed", atMs: 2, validUntilMs: 10 },
  { type: "draining", atMs: 3, term: 2n ** 60n, reason: "resigned", validUntilMs: 5 },
  { type: "work-settled", atMs: 4, term: 2n ** 60n },
  { type: "ended", atMs: 5, term: 2n ** 60n, reason: "resigned" },
];

test("what is written is read again, terms beyond 2^53 included", () => {
  expect(parseJournal(entries.map(journalLine).join(""))).toEqual(entries);
});

test("a last line that its process did not get to finish is left out", () => {
  const text = entries.map(journalLine).join("");
  expect(parseJournal(text.slice(0, -10))).toEqual(entries.slice(0, -1));
});

test("what is no journal is refused", () => {
  expect(() => parseJournal('{"type":"crowned","atMs":1,"term":"1"}\n')).toThrow(/crowned/);
  expect(() => parseJournal('{"type":"elected","atMs":1,"term":"1"}\n')).toThrow(/validUntilMs/);
  expect(() => parseJournal("elected\n")).toThrow(SyntaxError);
});
