import { expect, test } from "bun:test";
import { parseDescriptorInfo } from "../../../../src/proc/fdinfo.ts";
import { anonymousName } from "../../../../src/tools/lsof/rows/file.ts";

/** The name of an epoll set that watches these descriptors. */
const epoll = (watched: readonly number[]) =>
  anonymousName(
    "[eventpoll]",
    parseDescriptorInfo(
      `pos:\t0\nflags:\t02000002\n${watched.map((fd) => `tfd: ${fd} events: 1\n`).join("")}`,
    ),
  );

test("an epoll set names what it watches in ascending order, and at most 32 of them", () => {
  expect(epoll([])).toBe("[eventpoll]");
  expect(epoll([12, 5, 4])).toBe("[eventpoll:4,5,12]");
  const descending = (count: number) => Array.from({ length: count }, (_, i) => 100 - i);
  const ascending = (count: number) => descending(count).toReversed().join(",");
  expect(epoll(descending(31))).toBe(`[eventpoll:${ascending(31)}]`);
  expect(epoll(descending(32))).toBe(`[eventpoll:${ascending(32)}...]`);
  // Those that the kernel tells first are sorted, not the lowest of all.
  expect(epoll(descending(33))).toBe(`[eventpoll:${ascending(32)}...]`);
});
