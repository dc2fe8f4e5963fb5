import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DecodeError } from "../../src/model/decode_error.ts";
import { AttributeCursor } from "../../src/netlink/attribute.ts";
import { MessageBuilder, stamp } from "../../src/netlink/builder.ts";
import { MessageCursor } from "../../src/netlink/message.ts";
import {
  ascii,
  attribute,
  be16,
  hex,
  message,
  u16,
  u32,
  u64,
  viewOf,
  zeros,
} from "../support/bytes.ts";

describe("MessageBuilder", () => {
  test("writes header, body and attributes as the kernel reads them", () => {
    const built = new MessageBuilder(20, 0x301)
      .u8(2).u8(6).u16(0x0102).u32(0x0a0b0c0d).be16(80).zeros(2).u64(0x1122334455667788n)
      .attribute(1, new Uint8Array([7, 8, 9]))
      .u32Attribute(3, 262)
      .finish();
    stamp(built, 5, 99);
    expect(hex(built)).toBe(hex(
      new Uint8Array(message(20, 0x301, 5, 99, [
        2, // family
        6, // protocol
        ...u16(0x0102),
        ...u32(0x0a0b0c0d),
        ...be16(80),
        ...zeros(2),
        ...u64(0x1122334455667788n),
        ...attribute(1, [7, 8, 9]),
        ...attribute(3, u32(262)),
      ])),
    ));
  });

  test("grows past its first buffer without losing anything", () => {
    const payload = new Uint8Array(5000).map((_, i) => i);
    const built = new MessageBuilder(20, 1).u32(1).attribute(2, payload).finish();
    const view = new DataView(built.buffer);
    const cursor = new AttributeCursor(view, 20, built.length);
    expect(cursor.next()).toBe(true);
    expect(cursor.bytes()).toEqual(payload);
  });

  test("writes a nest with the length of what is in it", () => {
    const built = new MessageBuilder(20, 1).nest(2, (nest) => nest.u32Attribute(1, 42)).finish();
    expect([...built.slice(16)]).toEqual([...u16(12), ...u16(0x8002), ...attribute(1, u32(42))]);
  });

  test.each(
    [
      ["u8", 256],
      ["u16", -1],
      ["be16", 70000],
      ["u32", 2 ** 32],
      ["u32", 1.5],
      ["u16", NaN],
    ] as const,
  )("%s(%p) is refused, and not cut to another number", (width, value) => {
    expect(() => new MessageBuilder(16, 0)[width](value)).toThrow(RangeError);
  });

  test("refuses a payload that an attribute's length cannot say", () => {
    expect(() => new MessageBuilder(20, 1).attribute(1, new Uint8Array(65_532))).toThrow(
      RangeError,
    );
  });
});

describe("MessageCursor", () => {
  test("steps through the messages of a datagram, padding between them", () => {
    const view = viewOf([...message(20, 2, 1, 9, ascii("abcde")), ...message(3, 2, 1, 9, u32(0))]);
    const cursor = new MessageCursor(view, 0, view.byteLength);
    expect(cursor.next()).toBe(true);
    expect([cursor.type, cursor.flags, cursor.sequence, cursor.portId, cursor.start, cursor.end])
      .toEqual([20, 2, 1, 9, 16, 21]);
    expect(cursor.next()).toBe(true);
    expect([cursor.type, cursor.start, cursor.end]).toEqual([3, 40, 44]);
    expect(cursor.next()).toBe(false);
  });

  test.each([
    ["a header that is cut", ascii("0123456789")],
    ["a length below the header", [...u32(15), ...zeros(12)]],
    ["a length past the datagram", [...u32(17), ...zeros(12)]],
  ])("throws DecodeError for %s", (_, bytes) => {
    const view = viewOf(bytes);
    expect(() => new MessageCursor(view, 0, view.byteLength).next()).toThrow(DecodeError);
  });

  test("ends or throws DecodeError for any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const view = new DataView(bytes.slice().buffer);
      const cursor = new MessageCursor(view, 0, view.byteLength);
      try {
        while (cursor.next()) {
          expect(cursor.end).toBeLessThanOrEqual(view.byteLength);
          expect(cursor.start).toBeLessThanOrEqual(cursor.end);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }));
  });
});
