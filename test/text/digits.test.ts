import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  decimalLength,
  IPV4_MAX,
  ipv4Length,
  IPV6_MAX,
  NUMBER_MAX,
  putDecimal,
  putDigits,
  putHex,
  putIpv4,
  putIpv4Before,
  putIpv6,
} from "../../src/text/digits.ts";

const FILL = 0x21;

/** What a function writes at some place, and nothing around it. */
function written(put: (bytes: Uint8Array, at: number) => number, most: number): string {
  const bytes = new Uint8Array(most + 8).fill(FILL);
  const end = put(bytes, 4);
  expect(end - 4).toBeLessThanOrEqual(most);
  expect([...bytes.subarray(0, 4), ...bytes.subarray(end)].every((byte) => byte === FILL)).toBe(
    true,
  );
  return Buffer.from(bytes.subarray(4, end)).toString();
}

/** Numbers around every power of two and ten, and any others. */
const number = fc.oneof(
  fc.maxSafeNat(),
  fc.tuple(fc.nat(53), fc.integer({ min: -1, max: 1 })).map(([bits, off]) =>
    Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, 2 ** bits + off))
  ),
  fc.tuple(fc.nat(15), fc.integer({ min: -1, max: 1 })).map(([digits, off]) =>
    Math.max(0, 10 ** digits + off)
  ),
);
const word = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 0xffff, 0x1_0000, 0xffff_0000));

test("decimal is what String makes of a number", () => {
  fc.assert(
    fc.property(number, (value) => {
      expect(written((bytes, at) => putDecimal(bytes, at, value), NUMBER_MAX)).toBe(String(value));
      expect(decimalLength(value)).toBe(String(value).length);
    }),
    { numRuns: 1000 },
  );
});

test("digits have their zeros in front", () => {
  expect(written((bytes, at) => putDigits(bytes, at, 42, 5), 5)).toBe("00042");
  expect(written((bytes, at) => putDigits(bytes, at, 12345, 2), 2)).toBe("45");
});

test("hexadecimal is what toString makes of a number", () => {
  fc.assert(
    fc.property(number, (value) => {
      expect(written((bytes, at) => putHex(bytes, at, value), NUMBER_MAX)).toBe(value.toString(16));
    }),
    { numRuns: 1000 },
  );
});

test("an IPv4 address is written forwards and backwards", () => {
  fc.assert(fc.property(word, (address) => {
    const text = [24, 16, 8, 0].map((shift) => address >>> shift & 255).join(".");
    expect(written((bytes, at) => putIpv4(bytes, at, address), IPV4_MAX)).toBe(text);
    expect(ipv4Length(address)).toBe(text.length);
    const bytes = new Uint8Array(20);
    expect(putIpv4Before(bytes, 20, address)).toBe(20 - text.length);
    expect(Buffer.from(bytes.subarray(20 - text.length)).toString()).toBe(text);
  }));
});

/** As inet_ntop(3) has it, by what a URL makes of it, which knows no dotted form. */
function expected(words: readonly [number, number, number, number]): string {
  const [a, b, c, d] = words;
  const dotted = [24, 16, 8, 0].map((shift) => d >>> shift & 255).join(".");
  if (a === 0 && b === 0 && c === 0xffff) return `::ffff:${dotted}`;
  if (a === 0 && b === 0 && c === 0 && d >>> 16 !== 0) return `::${dotted}`;
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  const text = groups.map((group) => group.toString(16)).join(":");
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

test("an IPv6 address is in its canonical form", () => {
  fc.assert(
    fc.property(fc.tuple(word, word, word, word), (words) => {
      expect(written((bytes, at) => putIpv6(bytes, at, ...words), IPV6_MAX)).toBe(expected(words));
    }),
    { numRuns: 2000 },
  );
});

test.each(
  [
    ["::", 0, 0, 0, 0],
    ["::1", 0, 0, 0, 1],
    ["::ffff:1.2.3.4", 0, 0, 0xffff, 0x01020304],
    ["::1.2.3.4", 0, 0, 0, 0x01020304],
    ["fe80::1", 0xfe80_0000, 0, 0, 1],
    ["1::", 0x1_0000, 0, 0, 0],
    ["1:0:0:2::3", 0x1_0000, 0x0000_0002, 0, 3],
    ["2001:db8:0:1:1:1:1:1", 0x2001_0db8, 0x0000_0001, 0x0001_0001, 0x0001_0001],
    ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff],
  ] as const,
)("%s", (text, a, b, c, d) => {
  expect(written((bytes, at) => putIpv6(bytes, at, a, b, c, d), IPV6_MAX)).toBe(text);
});
