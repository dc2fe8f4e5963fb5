/**
 * Printable text in lsof's notation.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { commandCell, commandLength, safe } from "../../../../src/tools/lsof/layout/safe.ts";

const bytes = fc.array(fc.nat(255)).map((list) => String.fromCharCode(...list));

describe("safe()", () => {
  test("controls, backslashes and bytes are spelled out", () => {
    expect(safe("a b\\\t\n\x01\x7f\xe9", false)).toBe("a b\\\\\\t\\n^A\\x7f\\xe9");
  });

  test("a UTF-8 locale keeps what can be printed", () => {
    const text = String.fromCharCode(...new TextEncoder().encode("é\u202e日"));
    expect(safe(text, true)).toBe("é\\xe2\\x80\\xae日");
    expect(safe("\xc3", true)).toBe("\\xc3");
  });

  test("any bytes become printable", () => {
    fc.assert(
      fc.property(bytes, fc.boolean(), (text, unicode) => {
        expect(safe(text, unicode)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(safe(text, false)).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });
});

describe("commandCell()", () => {
  test("fills its width, and cuts no escape", () => {
    expect(commandCell("ab", 4)).toBe("ab  ");
    expect(commandCell("a b", 9)).toBe("a\\x20b   ");
    expect(commandCell("abcdefg h", 9)).toBe("abcdefg  ");
    fc.assert(
      fc.property(bytes, fc.nat(20), (text, width) => {
        expect(commandCell(text, width)).toHaveLength(width);
      }),
    );
  });

  test("its length counts escapes", () => {
    expect(commandLength("a b\\\n")).toBe(1 + 4 + 1 + 2 + 2);
  });
});
