import fc from "fast-check";
import { expect, test } from "vitest";
import { resolveTimings } from "./timings.ts";
import { afterRenewal, remainingMs } from "./validity.ts";

const timings = resolveTimings({ ttlMs: 10_000 }, 0);
const at = (
  monotonicMs: number,
  wallMs = monotonicMs,
): { monotonicMs: number; wallMs: number } => ({
  monotonicMs,
  wallMs,
});

test("S4: what is left is TTL less drift and margin, from the send of the last renewal", () => {
  const validity = { sentAt: at(1_000), period: 1 };
  expect(timings.validMs).toBe(10_000 * 0.99 - 1_000);
  expect(remainingMs(validity, at(1_000), timings)).toBe(8_900);
  expect(remainingMs(validity, at(9_900), timings)).toBe(0);
});

test("S4: the larger of the two clocks' counts decides, so wall time only shortens", () => {
  const instants = fc.record({ mono: fc.nat(20_000), wall: fc.integer({ min: -1e6, max: 1e6 }) });
  fc.assert(
    fc.property(instants, ({ mono, wall }) => {
      const left = remainingMs({ sentAt: at(0), period: 1 }, at(mono, wall), timings);
      expect(left).toBeLessThanOrEqual(
        remainingMs({ sentAt: at(0), period: 1 }, at(mono), timings),
      );
    }),
  );
});

test("S4: a renewal in time keeps the period, a late one begins another", () => {
  const validity = { sentAt: at(0), period: 3 };
  expect(afterRenewal(validity, { sentAt: at(3_000), now: at(3_100) }, timings)).toEqual({
    sentAt: at(3_000),
    period: 3,
  });
  expect(afterRenewal(validity, { sentAt: at(3_000), now: at(8_900) }, timings)).toEqual({
    sentAt: at(3_000),
    period: 4,
  });
});

test("S4: an earlier renewal whose answer comes after a later one's takes nothing back", () => {
  const validity = { sentAt: at(3_000), period: 1 };
  expect(afterRenewal(validity, { sentAt: at(1_000), now: at(3_500) }, timings)).toBe(validity);
});

test("S4: within one period the mandate's end never moves backwards", () => {
  const renewals = fc.array(fc.tuple(fc.nat(3_000), fc.nat(12_000)), { maxLength: 20 });
  fc.assert(
    fc.property(renewals, (path) => {
      let validity = { sentAt: at(0), period: 1 };
      let nowMs = 0;
      for (const [pauseMs, answerMs] of path) {
        const sentAt = at(nowMs + pauseMs);
        nowMs = sentAt.monotonicMs + answerMs;
        const before = validity;
        validity = afterRenewal(before, { sentAt, now: at(nowMs) }, timings);
        const lapsed = remainingMs(before, at(nowMs), timings) <= 0;
        expect(validity.period).toBe(lapsed ? before.period + 1 : before.period);
        expect(validity.sentAt.monotonicMs).toBeGreaterThanOrEqual(before.sentAt.monotonicMs);
      }
    }),
  );
});
