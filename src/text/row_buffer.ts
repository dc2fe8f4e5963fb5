/**
 * RowBuffer: rows written as bytes, for tables of fixed columns and very many rows. No string is made of a number.
 *
 * @module
 */
import { cellWidth } from "./width.ts";
import type { Writer } from "./writer.ts";
import { writeUtf8 } from "./encoding.ts";

const BLANK = 0x20;
const ZERO = 0x30;
const DOT = 0x2e;
const TILDE = 0x7e;
const BACKSLASH = 0x5c;
const LONG = 64;
const INT32_MAX = 0x7fff_ffff;
/** The longest thing that is written without looking for room first: a number, an IPv4 address. */
const SLACK = 32;

/** How many digits a non-negative integer has. */
export function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  let digits = 3;
  for (let limit = 1000; value >= limit; limit *= 10) digits++;
  return digits;
}

/** A growing run of bytes. Text is one byte a character: what is beyond U+00FF loses its upper bits. */
export class RowBuffer {
  #bytes = new Uint8Array(64 * 1024);
  /** Bytes so far. Set it back to take back what was written since. */
  length = 0;
  /** Bytes of {@linkcode utf8} text beyond the cells that it takes on a terminal. Set it back with the length. */
  surplus = 0;

  /** Cells so far, where nothing but text was written. */
  get cells(): number {
    return this.length - this.surplus;
  }

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

  /** Text of any characters, in UTF-8. */
  utf8(text: string): void {
    // A character of UTF-16 is three bytes at most.
    this.#room(3 * text.length);
    const written = writeUtf8(text, this.#bytes.subarray(this.length));
    this.length += written;
    if (written > text.length) this.surplus += written - cellWidth(text);
  }

  /** Bytes as they are. */
  bytes(from: Uint8Array): void {
    const { length } = from;
    this.#room(length);
    const bytes = this.#bytes;
    const at = this.length;
    // A call of set costs more than a word.
    if (length > LONG) bytes.set(from, at);
    else for (let i = 0; i < length; i++) bytes[at + i] = from[i]!;
    this.length = at + length;
  }

  /** All of it, taken out. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.since(0);
    this.length = 0;
    this.surplus = 0;
    return taken;
  }

  /** A copy of what was written since `start`, a length of before. */
  since(start: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(start, this.length);
  }

  /** True when what was written since `start` is ASCII without blanks, controls and backslashes. */
  isPlain(start: number): boolean {
    const bytes = this.#bytes;
    for (let at = start; at < this.length; at++) {
      const byte = bytes[at]!;
      if (byte <= BLANK || byte > TILDE || byte === BACKSLASH) return false;
    }
    return true;
  }

  /** Bytes of `from` from `at` on, between blanks. */
  cell(from: Uint8Array, at: number, length: number, before: number, after: number): void {
    this.#room(before + length + after);
    const bytes = this.#bytes;
    let to = this.length;
    for (let i = 0; i < before; i++) bytes[to++] = BLANK;
    for (let i = 0; i < length; i++) bytes[to++] = from[at + i]!;
    for (let i = 0; i < after; i++) bytes[to++] = BLANK;
    this.length = to;
  }

  /** Blanks until `width` bytes have come since `start`, a length of before. */
  pad(start: number, width: number): void {
    const end = start + width;
    this.#room(end - this.length);
    const bytes = this.#bytes;
    // A call of fill costs more than the few blanks of a cell.
    for (let at = this.length; at < end; at++) bytes[at] = BLANK;
    if (end > this.length) this.length = end;
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
    this.#digits(value, digitsOf(value));
  }

  /** A non-negative integer, and blanks before it up to `width`. */
  right(value: number, width: number): void {
    const digits = digitsOf(value);
    this.pad(this.length, width - digits);
    this.#digits(value, digits);
  }

  #digits(value: number, digits: number): void {
    const bytes = this.#bytes;
    const start = this.length;
    let at = start + digits;
    this.length = at;
    let rest = value;
    for (; rest > INT32_MAX; rest = Math.floor(rest / 10)) bytes[--at] = ZERO + rest % 10;
    let small = rest | 0;
    while (at > start) {
      const tenth = small / 10 | 0;
      bytes[--at] = ZERO + small - 10 * tenth;
      small = tenth;
    }
  }

  /** An IPv4 address, from a big-endian word. */
  ipv4(word: number): void {
    this.#room(0);
    const bytes = this.#bytes;
    let at = this.length;
    for (let shift = 24; shift >= 0; shift -= 8) {
      const octet = word >>> shift & 255;
      if (octet >= 100) bytes[at++] = ZERO + (octet / 100 | 0);
      if (octet >= 10) bytes[at++] = ZERO + (octet / 10 | 0) % 10;
      bytes[at++] = ZERO + octet % 10;
      if (shift > 0) bytes[at++] = DOT;
    }
    this.length = at;
  }

  /** Writes all of it out and begins anew. Throws what the writer throws. */
  flush(out: Writer): void {
    out.writeBytes(this.#bytes.subarray(0, this.length));
    this.length = 0;
    this.surplus = 0;
  }
}
