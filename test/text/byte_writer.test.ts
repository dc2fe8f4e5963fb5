import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteBuffer } from "../../src/text/byte_writer.ts";
import { label } from "../../src/text/label.ts";
import { RowBuffer } from "../../src/text/row_buffer.ts";

const latin1 = fc.string({ unit: fc.nat(255).map((byte) => String.fromCharCode(byte)) });

/** One piece: how it is written, and the bytes that it is. */
const piece = fc.oneof(
  fc.nat(255).map((byte) => [(out: ByteBuffer) => out.byte(byte), Buffer.of(byte)] as const),
  latin1.map((text) => [(out: ByteBuffer) => out.text(text), Buffer.from(text, "latin1")] as const),
  fc.string({ unit: "grapheme" }).map((text) =>
    [(out: ByteBuffer) => out.utf8(text), Buffer.from(text)] as const
  ),
  latin1.map((text) => text.slice(0, 16)).map((text) =>
    [(out: ByteBuffer) => out.label(label(text)), Buffer.from(text, "latin1")] as const
  ),
  fc.uint8Array({ maxLength: 300 }).map((bytes) =>
    [(out: ByteBuffer) => out.bytes(bytes), Buffer.from(bytes)] as const
  ),
  fc.oneof(fc.maxSafeInteger(), fc.bigInt()).map((value) =>
    [(out: ByteBuffer) => out.decimal(value), Buffer.from(String(value))] as const
  ),
  fc.oneof(fc.maxSafeNat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })).map((value) =>
    [(out: ByteBuffer) => out.hex(value), Buffer.from(value.toString(16))] as const
  ),
  fc.constant([(out: ByteBuffer) => out.digits(7, 3), Buffer.from("007")] as const),
  fc.constant([(out: ByteBuffer) => out.ipv4(0x7f000001), Buffer.from("127.0.0.1")] as const),
  fc.constant([(out: ByteBuffer) => out.ipv6(0, 0, 0, 1), Buffer.from("::1")] as const),
);

test("pieces stand one behind the other, however small the memory was at first", () => {
  fc.assert(fc.property(fc.array(piece), fc.integer({ min: 1, max: 40 }), (pieces, size) => {
    for (const out of [new ByteBuffer(size), new RowBuffer(size)]) {
      for (const [write] of pieces) write(out);
      const wanted = Buffer.concat(pieces.map(([, bytes]) => bytes));
      expect(Buffer.from(out.since(0)).equals(wanted)).toBe(true);
      expect(out.toText()).toBe(wanted.toString("latin1"));
    }
  }));
});

test("a part of other bytes", () => {
  const out = new ByteBuffer();
  out.bytes(new TextEncoder().encode("abcdef"), 1, 3);
  out.bytes(new Uint8Array(200).fill(0x78), 10, 110);
  expect(out.toText()).toBe(`bc${"x".repeat(100)}`);
});

test("what was written last can be taken back", () => {
  const out = new RowBuffer();
  out.text("kept");
  const { length, extraBytes } = out;
  out.utf8("日本");
  expect(out.cells).toBe(8);
  expect(out.extraBytes).toBe(2);
  out.length = length;
  out.extraBytes = extraBytes;
  out.decimal(7);
  expect(out.toText()).toBe("kept7");
  expect(out.cells).toBe(5);
});

test("cells are filled up to a width", () => {
  const out = new RowBuffer();
  out.left("ab", 5);
  out.right(42, 4);
  out.right(12345, 4);
  out.pad(0, 3);
  expect(out.toText()).toBe("ab     4212345");
});

test("a label of more than 16 bytes is none", () => {
  expect(() => label("12345678901234567")).toThrow(RangeError);
});
