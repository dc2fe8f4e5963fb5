import { describe, expect, test } from "bun:test";
import { addressOf, allocate, cString, ReceiveSlots, setPointer } from "../../ffi/memory.ts";

describe("allocate()", () => {
  test("gives bytes whose address survives touching .buffer, views and collections", () => {
    // A plain `new Uint8Array(8)` moves here: that is the hazard.
    for (const size of [1, 8, 16, 56, 64, 1000, 1001, 65536]) {
      const bytes = allocate(size);
      const before = addressOf(bytes);
      bytes.subarray(0, 1);
      new DataView(bytes.buffer).setUint8(0, 1);
      Bun.gc(true);
      expect(addressOf(bytes)).toBe(before);
    }
  });

  test("gives zeroed bytes", () => {
    expect(allocate(4096).every((byte) => byte === 0)).toBe(true);
  });

  test.each([0, -1, 1.5, NaN, Infinity])("refuses a size of %p", (size) => {
    expect(() => allocate(size)).toThrow(RangeError);
  });
});

describe("cString()", () => {
  test("ends in NUL and holds UTF-8", () => {
    expect([...cString("aé")]).toEqual([0x61, 0xc3, 0xa9, 0]);
  });

  test("refuses a name that C would cut short", () => {
    expect(() => cString("/tmp/a\0b")).toThrow(RangeError);
  });
});

describe("setPointer()", () => {
  test("writes addresses above 4 GiB whole", () => {
    const view = new DataView(new ArrayBuffer(8));
    setPointer(view, 0, 0x7fff_1234_5678);
    expect(view.getBigUint64(0, true)).toBe(0x7fff_1234_5678n);
  });
});

describe("ReceiveSlots", () => {
  test("points each message at its own slot, and keeps pointing there", () => {
    const slots = new ReceiveSlots(3, 64);
    const read = () => {
      const headers = new DataView(slots.headers.buffer);
      return [0, 1, 2].map((i) => headers.getBigUint64(i * 64 + 16, true));
    };
    const before = read();
    Bun.gc(true);
    expect(read()).toEqual(before);
    expect(before[1]! - before[0]!).toBe(16n);
  });

  test("sets length and flags back before each call", () => {
    const slots = new ReceiveSlots(1, 64);
    const header = new DataView(slots.headers.buffer);
    header.setUint32(8, 0, true);
    header.setUint32(48, 0x20, true);
    slots.reset();
    expect(header.getUint32(8, true)).toBe(12);
    expect(slots.flags(0)).toBe(0);
  });

  test("starts with a few slots and has them all, each with its own bytes, once those were filled", () => {
    const slots = new ReceiveSlots(9, 64);
    expect(slots.count).toBe(4);
    slots.filled();
    expect(slots.count).toBe(9);
    slots.filled();
    expect(slots.count).toBe(9);
    const headers = new DataView(slots.headers.buffer);
    const at = (i: number) => headers.getBigUint64(i * 64 + 16, true);
    for (let i = 1; i < 9; i++) expect(at(i) - at(i - 1)).toBe(16n);
  });
});
