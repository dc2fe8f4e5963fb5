import { describe, expect, test } from "bun:test";
import { getopt, GetoptError, type GetoptFlag } from "../../src/tools/getopt.ts";

const FLAGS: readonly GetoptFlag<string[]>[] = [
  { short: "a", long: ["all"], set: (seen) => seen.push("a") },
  { long: ["all-owners"], extension: true, set: (seen) => seen.push("owners") },
  { short: "n", long: ["numeric"], set: (seen) => seen.push("n") },
  { long: ["numeric-hosts"], set: (seen) => seen.push("hosts") },
  { short: "A", long: ["family", "family-too"], value: "F", set: (seen, f) => seen.push(`A=${f}`) },
  {
    short: "o",
    long: ["maybe"],
    value: "X",
    optional: true,
    set: (seen, x) => seen.push(`o=${x}`),
  },
];

function parse(...args: string[]): { seen: string[]; rest: string[] } {
  const seen: string[] = [];
  return { rest: getopt(args, FLAGS, seen), seen };
}

describe("getopt()", () => {
  test("takes bundles, values in the same word and in the next", () => {
    expect(parse("-an", "-Ax", "-nA", "y", "--family=z", "--family", "w").seen)
      .toEqual(["a", "n", "A=x", "n", "A=y", "A=z", "A=w"]);
  });

  test("takes words between options, and everything behind two dashes, as they are", () => {
    expect(parse("w", "-a", "-", "--", "-n")).toEqual({ seen: ["a"], rest: ["w", "-", "-n"] });
  });

  test("takes abbreviations of the original's names alone, and several names of one flag as one", () => {
    expect(parse("--al", "--numeric", "--numeric-h", "--fam=q").seen)
      .toEqual(["a", "n", "hosts", "A=q"]);
    expect(parse("--all-owners").seen).toEqual(["owners"]);
  });

  test("takes a value that may be missing only from the same word", () => {
    expect(parse("-o", "x", "-oy", "--maybe", "--maybe=z").seen)
      .toEqual(["o=", "o=y", "o=", "o=z"]);
  });

  test.each([
    [["-x"], "invalid option -- 'x'"],
    [["--bogus"], "unrecognized option '--bogus'"],
    [["--all-own"], "unrecognized option '--all-own'"],
    [["--num"], "option '--num' is ambiguous; possibilities: '--numeric' '--numeric-hosts'"],
    [["--all=1"], "option '--all' doesn't allow an argument"],
    [["-A"], "option requires an argument -- 'A'"],
    [["--family"], "option '--family' requires an argument"],
  ])("says of %p what libc says", (args, message) => {
    expect(() => parse(...args)).toThrow(new GetoptError(message));
  });
});
