import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  latin1Bytes,
  latin1Text,
  strictUtf8Text,
  utf8Bytes,
  utf8Text,
  withoutByteOrderMark,
  writeUtf8,
} from "../../src/text/encoding.ts";
import { sanitizeBytes } from "../../src/text/sanitize.ts";

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);

test("each of the 256 bytes is the character of the same number, and comes back", () => {
  for (const byte of ALL_BYTES) {
    const text = latin1Text(Uint8Array.of(byte));
    expect(text).toHaveLength(1);
    expect(text.charCodeAt(0)).toBe(byte);
    expect(latin1Bytes(text)).toEqual(Uint8Array.of(byte));
  }
  expect(latin1Bytes(latin1Text(ALL_BYTES))).toEqual(ALL_BYTES);
});

test("what windows-1252 has at 0x80 to 0x9f does not come out", () => {
  const text = latin1Text(ALL_BYTES.subarray(0x80, 0xa0));
  expect([...text].map((character) => character.codePointAt(0)!)).toEqual(
    Array.from({ length: 32 }, (_, i) => 0x80 + i),
  );
});

test("any bytes come back as they were, in whole and in part", () => {
  const part = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.nat(320), fc.nat(320));
  fc.assert(fc.property(part, ([bytes, start, end]) => {
    expect(latin1Bytes(latin1Text(bytes))).toEqual(Uint8Array.from(bytes));
    expect(latin1Bytes(latin1Text(bytes, start, end))).toEqual(
      Uint8Array.from(bytes.subarray(start, Math.max(start, end))),
    );
  }));
});

test("a view into a larger buffer gives its own bytes only", () => {
  expect(latin1Text(ALL_BYTES.subarray(0x41, 0x44))).toBe("ABC");
  expect(latin1Text(ALL_BYTES.subarray(0x41, 0x49), 1, 3)).toBe("BC");
});

test("long input needs no stack", () => {
  const bytes = new Uint8Array(4_000_000).map((_, i) => i);
  const text = latin1Text(bytes);
  expect(text).toHaveLength(bytes.length);
  expect(latin1Bytes(text)).toEqual(bytes);
});

test("UTF-8 text is read and written", () => {
  const text = "Straße, ж, 日本, 😀";
  const bytes = Uint8Array.from(Buffer.from(text));
  expect(utf8Bytes(text)).toEqual(bytes);
  expect(utf8Text(bytes)).toBe(text);
  expect(strictUtf8Text(bytes)).toBe(text);
  const into = new Uint8Array(64);
  expect(writeUtf8(text, into)).toBe(bytes.length);
  expect(into.subarray(0, bytes.length)).toEqual(bytes);
});

test("what is not UTF-8 is replaced or refused", () => {
  const bytes = Uint8Array.of(0x41, 0xff, 0x42);
  expect(utf8Text(bytes)).toBe("A\ufffdB");
  expect(() => strictUtf8Text(bytes)).toThrow(TypeError);
});

test("a byte order mark stays part of a name, and goes only where it is asked to", () => {
  const bytes = Uint8Array.of(0xef, 0xbb, 0xbf, 0x41);
  expect(utf8Text(bytes)).toBe("\ufeffA");
  expect(strictUtf8Text(bytes)).toBe("\ufeffA");
  expect(sanitizeBytes(bytes)).toBe("\\u{feff}A");
  expect(utf8Bytes(utf8Text(bytes))).toEqual(bytes);
  expect(withoutByteOrderMark("\ufeffA\ufeff")).toBe("A\ufeff");
  expect(withoutByteOrderMark("A")).toBe("A");
});

test("any text comes back from its bytes, whatever it begins with", () => {
  const text = fc.string({ unit: "grapheme" }).map((rest) => `\ufeff${rest}`);
  fc.assert(fc.property(fc.oneof(text, fc.string({ unit: "grapheme" })), (value) => {
    expect(utf8Text(utf8Bytes(value))).toBe(value);
  }));
});
