/**
 * RowBuffer: rows written as bytes, for tables of fixed columns and very many rows. No string is made of a number.
 *
 * @module
 */
import type { Writer } from "./writer.ts";

const BLANK = 0x20;
const ZERO = 0x30;
/** The longest thing that is written without looking for room first: a number, an IPv4 address. */
const SLACK = 32;

/** A growing run of bytes. Text is one byte a character: what is beyond U+00FF loses its upper bits. */
export class RowBuffer {
  #bytes = new Uint8Array(64 * 1024);
  /** Bytes so far. Set it back to take back what was written since. */
  length = 0;

  #room(count: number): void {
    if (this.length + count + SLACK <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * (this.length + count + SLACK));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }

  /** One byte. */
  byte(byte: number): void {
    this.#room(1);
    this.#bytes[this.length++] = byte;
  }

  /** Text of bytes. */
  text(text: string): void {
    this.#room(text.length);
    const bytes = this.#bytes;
    let at = this.length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /** Blanks until `width` bytes have come since `start`, a length of before. */
  pad(start: number, width: number): void {
    const end = start + width;
    if (end <= this.length) return;
    this.#room(end - this.length);
    this.#bytes.fill(BLANK, this.length, end);
    this.length = end;
  }

  /** Text, and blanks after it up to `width`. */
  left(text: string, width: number): void {
    const start = this.length;
    this.text(text);
    this.pad(start, width);
  }

  /** A non-negative integer. */
  decimal(value: number): void {
    this.#room(0);
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    this.#digits(value, digits);
  }

  /** A non-negative integer, and blanks before it up to `width`. */
  right(value: number, width: number): void {
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    this.pad(this.length, width - digits);
    this.#room(0);
    this.#digits(value, digits);
  }

  #digits(value: number, digits: number): void {
    const bytes = this.#bytes;
    let rest = value;
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const tenth = Math.floor(rest / 10);
      bytes[at] = ZERO + rest - 10 * tenth;
      rest = tenth;
    }
    this.length += digits;
  }

  /** An IPv4 address, from a big-endian word. */
  ipv4(word: number): void {
    this.decimal(word >>> 24);
    this.byte(0x2e);
    this.decimal(word >>> 16 & 255);
    this.byte(0x2e);
    this.decimal(word >>> 8 & 255);
    this.byte(0x2e);
    this.decimal(word & 255);
  }

  /** Writes all of it out and begins anew. Throws what the writer throws. */
  flush(out: Writer): void {
    out.writeBytes(this.#bytes.subarray(0, this.length));
    this.length = 0;
  }
}
