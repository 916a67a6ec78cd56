import fc from "fast-check";
import { expect, test } from "vitest";

import { MandateError } from "../errors.ts";
import { lostMandate } from "./fence.test-support.ts";
import { memoryFence } from "./memory-fence.ts";

test("admits terms as they grow and equal ones, and refuses lower ones", () => {
  const fence = memoryFence();
  fence.admit({ election: "billing", term: 7n });
  fence.admit({ election: "billing", term: 7n });
  fence.admit({ election: "billing", term: 9n });
  expect(() => fence.admit({ election: "billing", term: 8n })).toThrow(
    expect.objectContaining({ code: "STALE_TERM", applied: "no" }),
  );
});

test("a refusal names both terms, the election and what to do", () => {
  const fence = memoryFence();
  fence.admit({ election: "billing", term: 2n ** 62n });
  expect(() => fence.admit({ election: "billing", term: 3n })).toThrow(
    /term 3 of election "billing".*term 4611686018427387904.*stop this work/,
  );
});

test("elections do not hinder each other", () => {
  const fence = memoryFence();
  fence.admit({ election: "billing", term: 9n });
  fence.admit({ election: "billing/eu", term: 1n });
  expect(() => fence.admit({ election: "billing", term: 8n })).toThrow(MandateError);
});

test("what was admitted never falls, whatever the order of arrival", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })), (terms) => {
      const fence = memoryFence();
      const admitted = terms.filter((term) => {
        try {
          fence.admit({ election: "billing", term });
          return true;
        } catch {
          return false; // a refusal, which is what this looks for
        }
      });
      expect(admitted).toEqual(admitted.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
      expect(admitted.length === 0).toBe(terms.length === 0);
    }),
  );
});

test("throws what a lost mandate throws, and remembers nothing of it", () => {
  const fence = memoryFence();
  expect(() => fence.admit(lostMandate())).toThrow(
    expect.objectContaining({ code: "MANDATE_LOST" }),
  );
  fence.admit({ election: "billing", term: 0n });
});

test.each([-1n, 2n ** 63n])("refuses %s, which is no term", (term) => {
  expect(() => memoryFence().admit({ election: "billing", term })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTIONS" }),
  );
});

test("refuses what is no election's name", () => {
  expect(() => memoryFence().admit({ election: "", term: 1n })).toThrow(
    expect.objectContaining({ code: "INVALID_NAME" }),
  );
});
