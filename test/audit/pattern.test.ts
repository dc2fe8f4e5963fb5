import { expect, test } from "bun:test";
import fc from "fast-check";
import { fitsAny } from "../../src/audit/pattern.ts";

/** The same by a regular expression: right, and without end for a few patterns. */
function expected(pattern: string, text: string): boolean {
  const source = pattern.split(/(\*+)/).map((part) =>
    part === "*" ? "[^/]*" : part.startsWith("*") ? "[^]*" : RegExp.escape(part)
  ).join("");
  return new RegExp(`^(?:${source})$`, "u").test(text);
}

test("a star stops at a slash, two do not", () => {
  const word = (...parts: string[]) =>
    fc.array(fc.constantFrom(...parts), { maxLength: 10 }).map((some) => some.join(""));
  fc.assert(
    fc.property(
      word("*", "**", "***", "a", "b", "/", ".", "\u{1f600}"),
      word("a", "b", "/", ".", "\n", "\u{1f600}"),
      (pattern, text) => {
        expect(fitsAny([pattern], text)).toBe(expected(pattern, text));
      },
    ),
    { numRuns: 5000 },
  );
});

test.each([
  ["/**/a/**/a/**/a/**/a/z", "/a".repeat(2000)],
  [`${"**/a".repeat(40)}/z`, "/a".repeat(2000)],
  [`${"*a".repeat(100)}z`, "a".repeat(4000)],
  [`${"*".repeat(1000)}z`, "a".repeat(4000)],
  [`${"**a*".repeat(100)}z`, "a/".repeat(2000)],
])("no pattern takes more steps than the product of both lengths: %#", (pattern, text) => {
  const count = { steps: 0 };
  expect(fitsAny([pattern], text, count)).toBe(false);
  expect(count.steps).toBeGreaterThan(0);
  expect(count.steps).toBeLessThanOrEqual((pattern.length + 1) * text.length);
});
