import fc from "fast-check";
import { expect, test } from "vitest";
import { resolveTimings } from "./timings.ts";

test("derives everything from the TTL, with a margin of 500 ms at the least", () => {
  expect(resolveTimings({}, 2_000)).toEqual({
    ttlMs: 5_000,
    drift: 0.01,
    marginMs: 500,
    drainMs: 500,
    validMs: 4_450,
    renewEveryMs: 5_000 / 3,
    callMs: 1_000,
  });
  expect(resolveTimings({}, 10_000)).toMatchObject({ ttlMs: 10_000, marginMs: 1_000 });
});

test("refuses a TTL below the store's floor, and says which TTL will do", () => {
  expect(() => resolveTimings({ ttlMs: 1_000 }, 2_000)).toThrow(
    expect.objectContaining({
      code: "TTL_BELOW_FLOOR",
      message: expect.stringMatching(/set ttlMs to 2000 or more/),
    }),
  );
});

test.for([
  { ttlMs: 0 },
  { ttlMs: -1 },
  { ttlMs: Number.NaN },
  { ttlMs: Infinity },
  { ttlMs: 1e12 },
  { ttlMs: "5000" as unknown as number },
  { drift: -0.1 },
  { drift: 0.9 },
  { marginMs: -1 },
  { drainMs: -1 },
  { ttlMs: 2_000, drainMs: 900 },
  { ttlMs: 2_000, marginMs: 1_500 },
  { ttlMs: 1_000 },
])("refuses timings that cannot work together: %o", (options) => {
  expect(() => resolveTimings(options, 0)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTIONS" }),
  );
});

test("accepted timings leave time to try a failed renewal once more", () => {
  const options = fc.record(
    {
      ttlMs: fc.double({ min: 1, max: 100_000, noNaN: true }),
      drift: fc.double({ min: 0, max: 0.5, noNaN: true }),
      marginMs: fc.double({ min: 0, max: 50_000, noNaN: true }),
      drainMs: fc.double({ min: 0, max: 50_000, noNaN: true }),
    },
    { requiredKeys: ["ttlMs"] },
  );
  fc.assert(
    fc.property(options, (each) => {
      try {
        const { validMs, drainMs, renewEveryMs, callMs, ttlMs } = resolveTimings(each, 0);
        expect(validMs - drainMs).toBeGreaterThan(renewEveryMs + callMs);
        expect(validMs).toBeLessThanOrEqual(ttlMs);
      } catch (error) {
        expect(error).toMatchObject({ code: "INVALID_OPTIONS" });
      }
    }),
  );
});
