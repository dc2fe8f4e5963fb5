import { expect, test } from "bun:test";
import fc from "fast-check";
import { swap16, swap32 } from "../../src/model/byte_order.ts";

test("says the same as reading the bytes in the other order", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (value) => {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, value, true);
    expect(swap32(value)).toBe(view.getInt32(0));
    expect(swap16(value)).toBe(view.getUint16(0));
  }));
});
