import { expect, test } from "vitest";

import { decodeSession, encodeSession, judgeLease } from "./session-record.ts";

const self = {
  pid: 1,
  startTime: "100",
  bootId: "this boot",
  pidNamespace: "pid:[1]",
  timeNamespace: "time:[1]",
};
const record = { process: { ...self, pid: 2 }, ttlMs: 5_000 };
const nowUs = 100_000_000;

test("a session lives until its lease ends", () => {
  expect(judgeLease({ record, untilUs: nowUs + 1 }, self, nowUs)).toBe("live");
  expect(judgeLease({ record, untilUs: nowUs }, self, nowUs)).toBe("ended");
});

test("a session of an earlier boot has ended, whatever its lease says of that boot's clock", () => {
  const earlier = { ...record, process: { ...record.process, bootId: "another boot" } };
  expect(judgeLease({ record: earlier, untilUs: nowUs - 1 }, self, nowUs)).toBe("ended");
  expect(judgeLease({ record: earlier, untilUs: nowUs + 60_000_000 }, self, nowUs)).toBe("ended");
});

test("another boot id is no proof: a lease that this clock may have given is waited out", () => {
  const container = { ...record, process: { ...record.process, bootId: "a container's own" } };
  expect(judgeLease({ record: container, untilUs: nowUs + 4_000_000 }, self, nowUs)).toBe("live");
});

test("the lease of a process with another clock says nothing here", () => {
  const other = { ...record, process: { ...record.process, timeNamespace: "time:[2]" } };
  expect(judgeLease({ record: other, untilUs: 0 }, self, nowUs)).toBe("unknown");
});

test("a session that a power failure left unreadable has ended", () => {
  for (const text of ["", "{", "null", '{"pid":1}']) {
    expect(decodeSession(text)).toBeUndefined();
  }
  expect(judgeLease({ record: undefined, untilUs: nowUs + 1 }, self, nowUs)).toBe("ended");
  expect(decodeSession(encodeSession(record))).toEqual(record);
});
