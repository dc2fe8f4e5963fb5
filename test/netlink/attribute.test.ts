import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DecodeError } from "../../src/model/decode_error.ts";
import { AttributeCursor } from "../../src/netlink/attribute.ts";
import { ascii, attribute, u16, u32, u64, viewOf, zeros } from "../support/bytes.ts";

function collect(view: DataView): [number, number[]][] {
  const cursor = new AttributeCursor(view, 0, view.byteLength);
  const found: [number, number[]][] = [];
  while (cursor.next()) found.push([cursor.type, [...cursor.bytes()]]);
  return found;
}

describe("AttributeCursor", () => {
  test("reads attributes of every width in turn", () => {
    const view = viewOf([
      ...attribute(1, [0xab]),
      ...attribute(2, u16(0x1234)),
      ...attribute(3, u32(0xdeadbeef)),
      ...attribute(4, u64(0x0102030405060708n)),
      ...attribute(5, [...ascii("cubic"), 0]),
    ]);
    const cursor = new AttributeCursor(view, 0, view.byteLength);
    const values: unknown[] = [];
    while (cursor.next()) {
      values.push([
        () => cursor.u8(),
        () => cursor.u16(),
        () => cursor.u32(),
        () => cursor.u64(),
        () => cursor.string(),
      ][cursor.type - 1]!());
    }
    expect(values).toEqual([0xab, 0x1234, 0xdeadbeef, 0x0102030405060708n, "cubic"]);
  });

  test("reads signed integers as signed", () => {
    const view = viewOf(attribute(1, u32(0xffff_fffe)));
    const cursor = new AttributeCursor(view, 0, view.byteLength);
    cursor.next();
    expect(cursor.s32()).toBe(-2);
  });

  test("takes the flag bits off the type", () => {
    expect(collect(viewOf(attribute(0x8000 | 0x4000 | 7, [])))).toEqual([[7, []]]);
  });

  test("steps into a nest and not past its end", () => {
    const view = viewOf([...attribute(0x8001, attribute(2, [9])), ...attribute(3, [1])]);
    const cursor = new AttributeCursor(view, 0, view.byteLength);
    cursor.next();
    const nested = cursor.nested();
    expect(nested.next()).toBe(true);
    expect(nested.u8()).toBe(9);
    expect(nested.next()).toBe(false);
  });

  test("ends at fewer than four bytes, which are padding", () => {
    expect(collect(viewOf([...attribute(1, [1]), 0, 0, 0]))).toEqual([[1, [1]]]);
  });

  test.each([
    ["a length below the header", [...u16(3), ...u16(1), ...zeros(4)]],
    ["a length of zero, which would never end", [...u16(0), ...u16(1)]],
    ["a length past the end", [...u16(9), ...u16(1), 1, 2, 3, 4]],
  ])("throws DecodeError for %s", (_, bytes) => {
    expect(() => collect(viewOf(bytes))).toThrow(DecodeError);
  });

  test("throws DecodeError when the payload is shorter than what is asked for", () => {
    const view = viewOf(attribute(1, [1]));
    const cursor = new AttributeCursor(view, 0, view.byteLength);
    cursor.next();
    expect(() => cursor.u32()).toThrow("attribute 1 at byte 4: 1 bytes where 4 are needed");
  });

  test("gives a value or DecodeError for any bytes, and works afterwards", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        collect(new DataView(bytes.slice().buffer));
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
      expect(collect(viewOf(attribute(9, [1, 2])))).toEqual([[9, [1, 2]]]);
    }));
  });
});
