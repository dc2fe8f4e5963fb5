import { expect, test } from "bun:test";
import { formatTime } from "../../../../../src/tools/ss/rows/inet/timer.ts";

test.each([
  [0, ""],
  [7, "007ms"],
  [204, "204ms"],
  [1000, "1sec"],
  [1050, "1.050sec"],
  [9373, "9.373sec"],
  [10_000, "10sec"],
  [10_999, "10sec"],
  [59_999, "59sec"],
  [60_000, "1min"],
  [61_500, "1min1sec"],
  [599_999, "9min59sec"],
  [600_500, "10min"],
  [7_199_000, "119min"],
])("%p ms is %p", (ms, text) => {
  expect(formatTime(ms)).toBe(text);
});
