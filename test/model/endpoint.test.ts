import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  formatAddress,
  formatIpv4,
  formatIpv6,
  isMapped,
  isWildcard,
  mappedIpv4,
  parseAddress,
  withoutMapping,
} from "../../src/model/endpoint.ts";

function words(bytes: Uint8Array): [number, number, number, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)];
}

describe("formatIpv6()", () => {
  test.each(
    [
      ["::", [0, 0, 0, 0]],
      ["::1", [0, 0, 0, 1]],
      ["::ffff:192.0.2.1", [0, 0, 0xffff, 0xc0000201]],
      ["::1.2.3.4", [0, 0, 0, 0x01020304]],
      ["fe80::1", [0xfe800000, 0, 0, 1]],
      ["2001:db8::1:0:0:1", [0x20010db8, 0, 0x00010000, 0x00000001]],
      ["1:0:0:2::3", [0x00010000, 0x00000002, 0, 3]],
      ["2001:db8:0:1:1:1:1:1", [0x20010db8, 0x00000001, 0x00010001, 0x00010001]],
      ["1:2:3:4:5:6:7:0", [0x00010002, 0x00030004, 0x00050006, 0x00070000]],
      ["1:2:3:4:5:6::", [0x00010002, 0x00030004, 0x00050006, 0]],
    ] as const,
  )("writes %s", (text, [a, b, c, d]) => {
    expect(formatIpv6(a, b, c, d)).toBe(text);
  });

  test("is read back as the same address, whatever it is", () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      expect(parseAddress(formatIpv6(...words(bytes)))).toEqual(bytes);
    }));
    // Addresses with many zeros, which random bytes hardly ever have.
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 0, 1, 0xffff), { minLength: 8, maxLength: 8 }),
        (groups) => {
          const bytes = new Uint8Array(groups.flatMap((group) => [group >>> 8, group & 255]));
          expect(parseAddress(formatIpv6(...words(bytes)))).toEqual(bytes);
        },
      ),
    );
  });
});

test("formatIpv4() writes the high bit without a sign", () => {
  expect(formatIpv4(0xff000001)).toBe("255.0.0.1");
});

describe("parseAddress()", () => {
  test.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "256.1.1.1",
    "1.2.3.4 ",
    ":",
    ":::",
    "1::2::3",
    "g::",
    "1:2:3:4:5:6:7",
    "12345::",
    "::1.2.3",
    "1.2.3.4::",
  ])(
    "refuses %p",
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  test("refuses or reads any text, and nothing else", () => {
    fc.assert(fc.property(fc.string(), (text) => {
      const bytes = parseAddress(text);
      if (bytes !== undefined) expect([4, 16]).toContain(bytes.length);
    }));
  });
});

test("isWildcard() knows both", () => {
  expect(["0.0.0.0", "::", "::1", "127.0.0.1"].map(isWildcard)).toEqual([true, true, false, false]);
});

describe("IPv4 mapped into IPv6", () => {
  const plain = (text: string) => formatAddress(withoutMapping(parseAddress(text)!));

  test("::ffff:0:0/96 alone is IPv4, in bytes and in text", () => {
    expect(plain("::ffff:10.1.2.3")).toBe("10.1.2.3");
    expect(mappedIpv4("::ffff:10.1.2.3")).toBe("10.1.2.3");
    expect(mappedIpv4("::ffff:0.0.0.0")).toBe("0.0.0.0");
    for (const other of ["10.1.2.3", "::10.1.2.3", "::ffff:0:a01:203", "1::ffff:a01:203", "::"]) {
      expect(plain(other)).toBe(other);
      expect(mappedIpv4(other)).toBeNull();
    }
  });

  test("three words tell", () => {
    expect(isMapped(0, 0, 0xffff)).toBe(true);
    expect(
      [[1, 0, 0xffff], [0, 1, 0xffff], [0, 0, 0xfffe]].map(([a, b, c]) => isMapped(a!, b!, c!)),
    )
      .toEqual([false, false, false]);
  });
});
