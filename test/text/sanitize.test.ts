import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { sanitize, sanitizeBytes } from "../../src/text/sanitize.ts";

describe("sanitize()", () => {
  test.each([
    ["OSC 52, which sets the clipboard", "\x1b]52;c;cm0gLXJm\x07", "\\x1b]52;c;cm0gLXJm\\x07"],
    ["OSC 52 by the C1 control", "\u009d52;c;x\u009c", "\\x9d52;c;x\\x9c"],
    ["CR, which forges the line", "evil\rnginx(1)", "evil\\x0dnginx(1)"],
    ["LF, which forges a row", "a\ntcp listen 0.0.0.0:22", "a\\x0atcp listen 0.0.0.0:22"],
    ["clearing the screen", "\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"],
    ["a bidirectional override", "exe\u202egpj.ssh", "exe\\u{202e}gpj.ssh"],
    ["bidirectional isolates", "\u2066a\u2069", "\\u{2066}a\\u{2069}"],
    ["zero-width characters", "ng\u200binx\ufeff", "ng\\u{200b}inx\\u{feff}"],
    ["a line separator", "a\u2028b", "a\\u{2028}b"],
    ["tag characters", "a\u{e0041}", "a\\u{e0041}"],
    ["a name that looks like an escape", "\\x1b", "\\\\x1b"],
    ["a half surrogate", "\ud800", "\\u{d800}"],
  ])("takes the sting out of %s", (_, text, harmless) => {
    expect(sanitize(text)).toBe(harmless);
  });

  test("leaves ordinary names of any script alone", () => {
    for (const text of ["nginx", "ab c", "сервер", "サーバ", "é", "👍", "a:b/c(d)"]) {
      expect(sanitize(text)).toBe(text);
    }
  });

  test("leaves nothing that moves the cursor, whatever comes in", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(sanitize(text)).not.toMatch(
        /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/,
      );
    }));
  });
});

describe("sanitizeBytes()", () => {
  test("reads UTF-8, and shows the bytes of what is not", () => {
    expect(sanitizeBytes(new TextEncoder().encode("né"))).toBe("né");
    expect(sanitizeBytes(new Uint8Array([0x61, 0xff, 0x1b, 0x62]))).toBe("a\\xff\\x1bb");
  });

  test("takes text of any length: a command line may have megabytes", () => {
    const long = new Uint8Array(3_000_000).fill(0x61);
    expect(sanitizeBytes(long)).toBe("a".repeat(long.length));
  });

  test("gives printable text for any bytes", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => {
      expect(sanitizeBytes(bytes)).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    }));
  });
});
