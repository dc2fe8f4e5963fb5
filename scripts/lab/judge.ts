/**
 * Whether two programs gave the same answer. The original runs before and after ours: what it changed itself may be anywhere
 * between its two answers.
 *
 * @module
 */
import { RULES } from "../compare_rules.ts";
import type { Ran } from "./runner.ts";

/** `moved`: equal but for counters and clocks, which lie between the two answers of the original. */
export type Verdict = "equal" | "moved" | "different";

const same = (a: Ran, b: Ran) =>
  a.stdout === b.stdout && a.status === b.status && told(a) === told(b);

/** Texts of errors are our own; whether there is one is not. */
const told = (ran: Ran) => ran.stderr !== "";

/** Lines with spaces folded: widths of columns follow from what is in them. */
export function foldedLines(text: string): string[] {
  return text.split("\n").map((line) => line.trim().split(/[ \t]+/).join(" "));
}

/** Judges one answer of ours by the answers that the original gave before and after it. */
export function judge(args: readonly string[], before: Ran, ours: Ran, after: Ran): Verdict {
  if (same(ours, before) || same(ours, after)) return "equal";
  if (same(before, after)) return "different";
  const statuses = [before.status, after.status];
  if (!statuses.includes(ours.status) || ![told(before), told(after)].includes(told(ours))) {
    return "different";
  }
  const [a, x, b] = [before, ours, after].map((ran) => foldedLines(still(args, ran)));
  return between(a!, x!, b!) ? "moved" : "different";
}

/** The output without clocks that run down and begin anew. */
function still(args: readonly string[], ran: Ran): string {
  return RULES.filter((rule) => rule.only === undefined || rule.only(args))
    .reduce((text, rule) => rule.apply(text, ran.pid, "old"), ran.stdout);
}

const NUMBER = /\d+(?:\.\d+)?/g;

/** What numbers are rounded to when they are shown. */
const ROUNDING = 0.51;

function between(a: readonly string[], x: readonly string[], b: readonly string[]): boolean {
  // Rows came or went: ours are then those of either answer, and have what both have.
  if (a.length !== b.length) {
    const [first, ours, last] = [new Set(a), new Set(x), new Set(b)];
    return x.every((line) => first.has(line) || last.has(line)) &&
      a.every((line) => !last.has(line) || ours.has(line));
  }
  if (x.length !== a.length) return false;
  return x.every((line, at) => {
    if (line === a[at] || line === b[at]) return true;
    const words = line.replace(NUMBER, "#");
    if (words !== a[at]!.replace(NUMBER, "#") || words !== b[at]!.replace(NUMBER, "#")) {
      return false;
    }
    const numbers = [a[at]!, line, b[at]!].map((text) => (text.match(NUMBER) ?? []).map(Number));
    return numbers[1]!.every((value, i) => {
      const [low, high] = [numbers[0]![i]!, numbers[2]![i]!].sort((p, q) => p - q);
      return value >= low! - ROUNDING && value <= high! + ROUNDING;
    });
  });
}
