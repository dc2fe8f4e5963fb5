import { expect, test } from "bun:test";
import fc from "fast-check";
import { eraseKeys } from "../../../src/families/inet/redact.ts";
import { ascii, attribute, viewOf, zeros } from "../../support/bytes.ts";

const KEY = ascii("k".repeat(80));
const signature = [2, 32, 80, 0, 127, 0, 0, 9, ...zeros(12), ...KEY];
const row = (...attributes: number[][]) => [2, 10, ...zeros(70), ...attributes.flat()];
const erased = (bytes: number[]) => {
  const view = viewOf(bytes);
  eraseKeys(view, 0, bytes.length);
  return [...new Uint8Array(view.buffer)];
};

test("keys become zeros, and everything else stays", () => {
  const before = row(
    attribute(8, [1]),
    attribute(18, [...signature, ...signature]),
    attribute(15, [1, 2, 3, 4]),
  );
  const wanted = before.map((byte) => byte === 0x6b ? 0 : byte);
  expect(wanted).not.toEqual(before);
  expect(erased(before)).toEqual(wanted);
});

test("a message that was cut keeps no part of a key", () => {
  const whole = row(attribute(8, [1]), attribute(18, signature));
  fc.assert(fc.property(fc.integer({ min: 0, max: whole.length }), (length) => {
    expect(erased(whole.slice(0, length))).not.toContain(0x6b);
  }));
});

test("other families are left as they are", () => {
  const unix = [1, ...zeros(71), ...attribute(18, signature)];
  expect(erased(unix)).toEqual(unix);
});
