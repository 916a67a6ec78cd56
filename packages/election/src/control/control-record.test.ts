import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeControl,
  EMPTY_CONTROL,
  encodeControl,
  MAX_TERMS,
  withTerms,
  type ControlRecord,
  type TermRecord,
} from "./control-record.ts";

const terms = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });
const termRecords: fc.Arbitrary<TermRecord> = fc.record({
  term: terms,
  candidateId: fc.string(),
  startedAtMs: fc.nat(),
  endedAtMs: fc.option(fc.nat(), { nil: undefined }),
  endReason: fc.option(fc.string(), { nil: undefined }),
});
const records: fc.Arbitrary<ControlRecord> = fc.record({
  paused: fc.boolean(),
  request: fc.option(
    fc.record({
      kind: fc.constantFrom("resign" as const, "transfer" as const),
      term: terms,
      to: fc.option(fc.string(), { nil: undefined }),
    }),
    { nil: undefined },
  ),
  terms: fc.array(termRecords, { maxLength: 5 }),
});

test("what is written is read back, terms of 63 bits included", () => {
  fc.assert(
    fc.property(records, (record) => {
      expect(decodeControl(encodeControl(record))).toEqual(record);
    }),
  );
  expect(decodeControl(undefined)).toEqual(EMPTY_CONTROL);
});

test.for(['{"format":2,"paused":true}', '{"paused":true}', "[]", "null", "no json", ""])(
  "refuses what a newer version, or somebody else, wrote: %s",
  (text) => {
    expect(() => decodeControl(text)).toThrow(
      expect.objectContaining({ code: "FORMAT_UNSUPPORTED" }),
    );
  },
);

test("keeps the last hundred terms in order, each once, the newer text winning", () => {
  const term = (value: number, candidateId = "a"): TermRecord => ({
    term: BigInt(value),
    candidateId,
    startedAtMs: value,
    endedAtMs: undefined,
    endReason: undefined,
  });
  const many = Array.from({ length: 150 }, (_, i) => term(150 - i));
  const kept = withTerms(EMPTY_CONTROL, many).terms;
  expect(kept).toHaveLength(MAX_TERMS);
  expect(kept.at(0)?.term).toBe(51n);
  expect(kept.at(-1)?.term).toBe(150n);
  const renamed = withTerms({ ...EMPTY_CONTROL, terms: kept }, [term(150, "b")]).terms;
  expect(renamed).toHaveLength(MAX_TERMS);
  expect(renamed.at(-1)?.candidateId).toBe("b");
});
