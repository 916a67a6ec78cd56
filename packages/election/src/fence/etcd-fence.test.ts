import fc from "fast-check";
import { expect, test } from "vitest";

import { etcdFence } from "./etcd-fence.ts";
import { mandate } from "./fence.test-support.ts";

const fence = etcdFence({ key: "fences/billing" });
const term = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });

test("terms are written so that their bytes are in the order of the numbers", () => {
  const written = (ours: bigint): string => fence.raise(mandate(ours)).failure.value;
  fc.assert(
    fc.property(term, term, (a, b) => {
      expect(Buffer.compare(Buffer.from(written(a)), Buffer.from(written(b)))).toBe(
        a < b ? -1 : a > b ? 1 : 0,
      );
    }),
  );
});

test("explains a failed transaction by the term that the key holds", () => {
  fc.assert(
    fc.property(term, term, (ours, seen) => {
      const explain = (): void =>
        fence.explain(mandate(ours), fence.raise(mandate(seen)).failure.value);
      if (seen === ours) explain();
      else {
        expect(explain).toThrow(
          expect.objectContaining({ code: seen > ours ? "STALE_TERM" : "INVALID_OPTIONS" }),
        );
      }
    }),
  );
});

test("says that the fence has to be raised when its key is missing", () => {
  expect(() => fence.explain(mandate(5n), undefined)).toThrow(/not raised to term 5 .*raise it/);
});

test("says that the key is used for something else", () => {
  expect(() => fence.explain(mandate(5n), "leader-1")).toThrow(/give the fence a key of its own/);
});

test("is plain data", () => {
  const data = { raise: fence.raise(mandate(5n)), guard: fence.guard(mandate(5n)) };
  expect(JSON.parse(JSON.stringify(data))).toEqual(data);
});
