import { expect, test } from "bun:test";
import fc from "fast-check";
import { jsonFault } from "../../src/audit/json_fault.ts";

test.each([
  ['{"a": 1,}', 1, "a key in double quotes"],
  ['{\n"a": 1\n"b": 2}', 3, '"," or "}"'],
  ["[1, 2", 1, '"," or "]"'],
  ["[1,\n]", 2, "a value"],
  ["{", 1, 'a key in double quotes, or "}"'],
  ["{a: 1}", 1, 'a key in double quotes, or "}"'],
  ['{"a" 1}', 1, '":"'],
  ["[01]", 1, 'a value, or "]"'],
  ["{}\n{}", 2, "the end"],
  ["\n\n# comment", 3, "a value"],
  ["'a'", 1, "a value"],
  ['"a\nb"', 1, "a value"],
  ["", 1, "a value"],
])("%j: line %d, expected %s", (text, line, wanted) => {
  expect(jsonFault(text)).toEqual({ line, wanted });
});

test("agrees with the runtime about what JSON is", () => {
  const cut = fc.tuple(fc.json(), fc.nat(), fc.nat(3), fc.string({ maxLength: 2 }));
  fc.assert(
    fc.property(cut, ([text, at, count, insert]) => {
      const from = at % (text.length + 1);
      const changed = text.slice(0, from) + insert + text.slice(from + count);
      let isJson = true;
      try {
        JSON.parse(changed);
      } catch {
        isJson = false;
      }
      expect(jsonFault(text)).toBeNull();
      expect(jsonFault(changed) === null).toBe(isJson);
    }),
  );
  for (
    const text of [
      '"\u007f\u0085"',
      '"\u001f"',
      '"\\u12"',
      "[1.]",
      "[-]",
      "nul",
      "truefalse",
      "1e5",
    ]
  ) {
    let isJson = true;
    try {
      JSON.parse(text);
    } catch {
      isJson = false;
    }
    expect(jsonFault(text) === null, text).toBe(isJson);
  }
});

test("a long nesting is no trouble", () => {
  expect(jsonFault("[".repeat(100_000))).toEqual({ line: 1, wanted: 'a value, or "]"' });
  expect(jsonFault("[".repeat(100_000) + "]".repeat(100_000))).toBeNull();
});
