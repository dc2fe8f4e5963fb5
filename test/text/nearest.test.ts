import { expect, test } from "bun:test";
import fc from "fast-check";
import { nearest, similar } from "../../src/text/nearest.ts";

const WORDS = [
  "tcp",
  "udp",
  "port",
  "process",
  "processes",
  "state",
  "color",
  "netns",
  "all-netns",
];

test.each([
  ["prot", "port"],
  ["pot", "port"],
  ["ports", "port"],
  ["proc", "process"],
  ["processez", "processes"],
  ["colour", "color"],
  ["tpc", "tcp"],
  ["satte", "state"],
])("%s means %s", (given, meant) => {
  expect(nearest(given, WORDS)).toBe(meant);
});

test.each(["", "p", "xyz", "foo", "nonsense", "abc", "sort"])("%p means nothing known", (given) => {
  expect(nearest(given, WORDS)).toBeUndefined();
});

test("the nearest word wins, not the first that is near", () => {
  expect(nearest("porf", ["perf", "port", "porf"])).toBe("porf");
  expect(nearest("processs", ["process-x", "process"])).toBe("process");
});

test("a word that is only begun is near, but not similar", () => {
  expect(nearest("proc", WORDS)).toBe("process");
  expect(similar("proc", WORDS)).toBeUndefined();
  expect(similar("porf", WORDS)).toBe("port");
  expect(similar("process-of-somebody", WORDS)).toBeUndefined();
});

test("any text gives one of the words or none", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const found = nearest(text, WORDS);
    expect(found === undefined || WORDS.includes(found)).toBe(true);
  }));
});
