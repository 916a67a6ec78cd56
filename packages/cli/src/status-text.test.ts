import type { Contender, ElectionStatus } from "@mandate/election";
import { expect, test } from "vitest";
import { historyJson, historyLines } from "./history-text.ts";
import { observedLine, statusJson, statusLines } from "./status-text.ts";

const dublin: Contender = {
  candidate: { id: "dublin", url: "http://10.0.0.1", region: "northeurope", priority: 2 },
  healthy: true,
  term: 7n,
  foreign: false,
};
const etcdctl: Contender = {
  candidate: { id: "\u001B[2Jrogue" },
  healthy: undefined,
  term: 9n,
  foreign: true,
};
const led: ElectionStatus = {
  election: "billing",
  leader: dublin,
  term: 7n,
  contenders: [dublin, etcdctl],
  paused: true,
};
const empty: ElectionStatus = {
  election: "billing",
  leader: undefined,
  term: undefined,
  contenders: [],
  paused: false,
};
const plain = (_: unknown, text: string): string => text;

test("a status says who leads, who stands, and that nobody new leads", () => {
  expect(statusLines(led, plain)).toEqual([
    "dublin leads billing in term 7",
    "paused: nobody new leads until mandate resume billing",
    "",
    "   candidate       term  health           region       priority  url",
    "*  dublin          7     healthy          northeurope  2         http://10.0.0.1",
    "   \\u{1b}[2Jrogue  (9)   foreign program  -            0         -",
  ]);
});

test("a status of nobody says so", () => {
  expect(statusLines(empty, plain)).toEqual(["nobody leads billing", "nobody stands in it"]);
});

test("what is not there is null in JSON", () => {
  expect(statusJson(empty)).toEqual({ ...empty, leader: null, term: null });
});

test("what is observed is one line", () => {
  expect(observedLine("12:00", led, plain)).toBe(
    "12:00  dublin leads billing in term 7 (2 candidates, paused)",
  );
  expect(observedLine("12:00", empty, plain)).toBe("12:00  nobody leads billing (0 candidates)");
});

const terms = [
  { term: 3n, candidateId: "virginia", startedAtMs: 0, endedAtMs: 2_300, endReason: "resigned" },
  {
    term: 7n,
    candidateId: "dublin",
    startedAtMs: 9e15,
    endedAtMs: undefined,
    endReason: undefined,
  },
];

test("a history says who led, how long, and what is not known", () => {
  expect(historyLines("billing", terms)).toEqual([
    "term  leader    from                      for    ended",
    "3     virginia  1970-01-01T00:00:00.000Z  2.3 s  resigned",
    "7     dublin    ?                         ?      not yet, or without a word",
  ]);
  expect(historyLines("billing", [])).toEqual(["nobody has led billing yet, as far as is known"]);
});

test("a history in JSON has nulls for what is not known", () => {
  expect(historyJson("billing", terms.slice(1))).toEqual({
    election: "billing",
    terms: [{ term: 7n, candidateId: "dublin", startedAt: "?", endedAt: null, endReason: null }],
  });
});
