import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

const limits = { option: "--for", minMs: 100, maxMs: 3_600_000 };

test.for([
  ["500ms", 500],
  ["5s", 5_000],
  ["1.5m", 90_000],
  ["1h", 3_600_000],
] as const)("%s is %d ms", ([text, durationMs]) => {
  expect(parseDuration(text, limits)).toBe(durationMs);
});

test.for(["", "5", "s", "-5s", "5 s", "5sec", "1e3s", "0s", "99ms", "2h", "Infinitys"])(
  "%j is refused, with what to write",
  (text) => {
    expect(() => parseDuration(text, limits)).toThrow(/--for is .* 100 ms to 1 h, such as/);
  },
);

test.for([
  [0, "0 ms"],
  [999.4, "999 ms"],
  [1_000, "1 s"],
  [2_345, "2.3 s"],
  [9_960, "10 s"],
  [185_000, "3 min 05 s"],
  [3_600_000, "1 h"],
  [7_500_000, "2 h 05 min"],
] as const)("%d ms are shown as %s", ([durationMs, text]) => {
  expect(formatDuration(durationMs)).toBe(text);
});
