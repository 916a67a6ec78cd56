import { expect, test } from "vitest";
import { auditLedger, type LedgerEntry } from "./ledger-audit.ts";

const entries: readonly LedgerEntry[] = [
  { sequence: 1, orderId: "a", term: 3n },
  { sequence: 2, orderId: "b", term: 3n },
  { sequence: 3, orderId: "c", term: 5n },
];
const accepted = entries.map((entry) => ({ ...entry, atMs: 0 }));

test("a ledger that agrees with what clients were told is clean", () => {
  const { duplicated, lost, fallen, interleaved } = auditLedger(entries, accepted);
  expect({ duplicated, lost, fallen }).toEqual({ duplicated: [], lost: [], fallen: [] });
  expect(interleaved.count).toBe(1);
});

test("an order that no client was told of is no fault", () => {
  expect(auditLedger(entries, accepted.slice(1)).lost).toEqual([]);
});

test("an order that is written twice is found", () => {
  const twice = [...entries, { sequence: 4, orderId: "b", term: 5n }];
  expect(auditLedger(twice, accepted).duplicated).toEqual(["b"]);
});

test("an order that was accepted and is not there is lost", () => {
  expect(auditLedger(entries.slice(0, 2), accepted).lost).toEqual(["c"]);
});

test("an order that stands elsewhere than its client was told is lost", () => {
  const told = [{ sequence: 7, orderId: "a", term: 3n, atMs: 0 }];
  expect(auditLedger(entries, told).lost).toEqual(["a"]);
});

test("a write under an older term is found, and that both terms wrote in turns", () => {
  const late = { sequence: 4, orderId: "d", term: 3n };
  const { fallen, interleaved } = auditLedger([late, ...entries], accepted);
  expect(fallen).toEqual([late]);
  expect(interleaved).toMatchObject({ count: 2, owners: [3n, 5n] });
});
