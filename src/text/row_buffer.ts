/**
 * RowBuffer: rows written as bytes, for tables of fixed columns and very many rows.
 *
 * @module
 */
import { ByteBuffer } from "./byte_writer.ts";
import { decimalLength } from "./digits.ts";
import { cellWidth } from "./width.ts";
import type { Writer } from "./writer.ts";

const BLANK = 0x20;
const TILDE = 0x7e;
const BACKSLASH = 0x5c;

/** Rows under construction. */
export class RowBuffer extends ByteBuffer {
  /**
   * How many bytes more there are than terminal cells they take, which {@linkcode RowBuffer.utf8} counts: `é` is two bytes and
   * one cell. Set it back with the length.
   */
  extraBytes = 0;

  /** Terminal cells so far, where nothing but text was written. */
  get cells(): number {
    return this.length - this.extraBytes;
  }

  override utf8(text: string): void {
    const start = this.length;
    super.utf8(text);
    const written = this.length - start;
    if (written > text.length) this.extraBytes += written - cellWidth(text);
  }

  /** All of it, taken out. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.since(0);
    this.length = 0;
    this.extraBytes = 0;
    return taken;
  }

  /** True when what was written since `start` is ASCII without blanks, controls and backslashes. */
  isPlain(start: number): boolean {
    const { data } = this;
    for (let at = start; at < this.length; at++) {
      const byte = data[at]!;
      if (byte <= BLANK || byte > TILDE || byte === BACKSLASH) return false;
    }
    return true;
  }

  /** Bytes of `from` from `at` on, between blanks. */
  cell(from: Uint8Array, at: number, length: number, before: number, after: number): void {
    const data = this.reserve(before + length + after);
    let to = this.length;
    for (let i = 0; i < before; i++) data[to++] = BLANK;
    for (let i = 0; i < length; i++) data[to++] = from[at + i]!;
    for (let i = 0; i < after; i++) data[to++] = BLANK;
    this.length = to;
  }

  /** Blanks until `width` bytes have come since `start`, a length of before. */
  pad(start: number, width: number): void {
    const end = start + width;
    const data = this.reserve(end - this.length);
    // A call of fill costs more than the few blanks of a cell.
    for (let at = this.length; at < end; at++) data[at] = BLANK;
    if (end > this.length) this.length = end;
  }

  /** Text, and blanks after it up to `width`. */
  left(text: string, width: number): void {
    const start = this.length;
    this.text(text);
    this.pad(start, width);
  }

  /** A whole number that is not negative, and blanks before it up to `width`. */
  right(value: number, width: number): void {
    this.pad(this.length, width - decimalLength(value));
    this.decimal(value);
  }

  /** Writes all of it out and begins anew. Throws what the writer throws. */
  flush(out: Writer): void {
    out.writeBytes(this.data.subarray(0, this.length));
    this.length = 0;
    this.extraBytes = 0;
  }
}
