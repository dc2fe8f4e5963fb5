import { dlopen, FFIType } from "bun:ffi";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { glob } from "../../src/filter/glob.ts";
import { runs } from "../support/runs.ts";

// int fnmatch(const char *pattern, const char *string, int flags);
const libc = dlopen("libc.so.6", {
  fnmatch: { args: [FFIType.cstring, FFIType.cstring, FFIType.i32], returns: FFIType.i32 },
});

const FNM_CASEFOLD = 1 << 4;

/** What the C library says. */
function fnmatch(pattern: string, text: string, flags: number): boolean {
  const c = (text: string) => Buffer.from(`${text}\0`);
  return libc.symbols.fnmatch(c(pattern), c(text), flags) === 0;
}

test("a pattern matches what fnmatch(3) says it matches", () => {
  const pattern = fc.array(
    fc.constantFrom(
      ..."* * ? [ ] ! ^ - \\ a b c A . / @ 0 [a-c] [!a] [[:digit:]] [[:upper:]] []a] [a-] ab /run/"
        .split(" "),
    ),
    { maxLength: 8 },
  ).map((parts) => parts.join(""));
  const text = fc.array(fc.constantFrom(..."a b c A B . / @ 0 9 - ] [ \\ ! /run/".split(" ")), {
    maxLength: 8,
  }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(pattern, text, fc.boolean(), (pattern, text, ignoreCase) => {
      const expected = fnmatch(pattern, text, ignoreCase ? FNM_CASEFOLD : 0);
      expect([pattern, text, glob(pattern, ignoreCase)(text)]).toEqual([pattern, text, expected]);
    }),
    runs(3000),
  );
});

test("many stars take no more time than both lengths allow", () => {
  // By trying all ways to share the text out among the stars this would not end before the test is given up.
  expect(glob("*a".repeat(200))("a".repeat(190) + "b".repeat(2000))).toBe(false);
});

test("characters outside the basic plane are one character", () => {
  expect(glob("?")("🦑")).toBe(true);
  expect(glob("??")("🦑")).toBe(false);
});
