import { type Pointer, read } from "bun:ffi";
import { describe, expect, test } from "bun:test";
import {
  addressOf,
  allocate,
  cString,
  ReceiveSlots,
  SendMessage,
  setPointer,
} from "../../ffi/memory.ts";

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

/** The pointer at `offset` of bytes that C is given. */
const pointer = (bytes: Uint8Array, offset: number): Pointer =>
  Number(new DataView(bytes.buffer).getBigUint64(offset, true)) as Pointer;

/** What a moved or freed block would be written over by. */
function churn(): void {
  for (let i = 0; i < 20_000; i++) new Uint8Array(i % 128 + 1).fill(0xee);
  Bun.gc(true);
}

describe("SendMessage", () => {
  test("points at the payload and the kernel's address, and keeps both alive", () => {
    const message = new SendMessage();
    // The caller's own bytes may go: what is sent is a copy.
    message.set(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]));
    churn();
    const vector = pointer(message.header, 16);
    const payload = read.ptr(vector, 0) as Pointer;
    expect(payload as number).toBe(addressOf(message.payload!));
    expect([...Array(8).keys()].map((i) => read.u8(payload, i))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(read.u64(vector, 8)).toBe(8n);
    // AF_NETLINK, port ID 0.
    const name = pointer(message.header, 0);
    expect([read.u16(name, 0), read.u32(name, 4)]).toEqual([16, 0]);
  });
});

describe("ReceiveSlots", () => {
  test("points each message at its own slot, by way of its own iovec, wherever the memory lies", () => {
    const slots = new ReceiveSlots(3, 64);
    churn();
    const data = addressOf(new Uint8Array(slots.data.buffer));
    for (const i of [0, 1, 2]) {
      const vector = pointer(slots.headers, i * 64 + 16);
      expect(read.ptr(vector, 0)).toBe(data + i * 64);
      expect(read.u64(vector, 8)).toBe(64n);
    }
    // Each has a sender's address of its own too.
    const names = [0, 1, 2].map((i) => pointer(slots.headers, i * 64) as number);
    expect([names[1]! - names[0]!, names[2]! - names[1]!]).toEqual([12, 12]);
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
