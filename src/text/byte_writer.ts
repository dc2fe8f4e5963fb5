/**
 * ByteWriter: what every writer of rows can write. No string is made of a number.
 *
 * @module
 */
import {
  IPV4_MAX,
  IPV6_MAX,
  NUMBER_MAX,
  putDecimal,
  putDigits,
  putHex,
  putIpv4,
  putIpv6,
} from "./digits.ts";
import { latin1Text, writeUtf8 } from "./encoding.ts";
import { type Label, LABEL_SIZE } from "./label.ts";

/** Takes text piece by piece, as bytes. */
export interface ByteWriter {
  /** One byte. */
  byte(byte: number): void;
  /** Text of one character a byte. Of a character beyond U+00FF only the lower eight bits stay. */
  text(text: string): void;
  /** Text of any characters, as UTF-8. */
  utf8(text: string): void;
  /** A label: the fastest way to write a word that is always the same. */
  label(label: Label): void;
  /** Bytes from outside, from `start` to before `end`. */
  bytes(from: Uint8Array, start?: number, end?: number): void;
  /** A whole number in decimal, a negative one with its sign. */
  decimal(value: number | bigint): void;
  /** The last `count` digits of a number from 0 to 2^31 - 1, zeros in front included. */
  digits(value: number, count: number): void;
  /** A whole number that is not negative in lower-case hexadecimal, without `0x`. */
  hex(value: number | bigint): void;
  /** An IPv4 address in dotted form, from a big-endian word. */
  ipv4(word: number): void;
  /** An IPv6 address without brackets, from four big-endian words. */
  ipv6(a: number, b: number, c: number, d: number): void;
}

/** From this many bytes on, a call of `set` costs less than a loop. */
const LONG = 64;

/** A ByteWriter into memory that grows. */
export class ByteBuffer implements ByteWriter {
  /** What was written is at the front. Another one after every call that writes. */
  protected data: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  /** Bytes so far. Set it back to take back what was written since. */
  length = 0;

  /** `memory`: what is written to, or how many bytes there is room for at first. */
  constructor(memory: number | Uint8Array<ArrayBuffer> = 64 * 1024) {
    this.data = typeof memory === "number" ? new Uint8Array(memory) : memory;
    this.#view = viewOf(this.data);
  }

  /** Goes on in other memory, which has what was written so far. */
  protected moveTo(data: Uint8Array<ArrayBuffer>): void {
    this.data = data;
    this.#view = viewOf(data);
  }

  /** Makes room for `count` more bytes. Returns the memory that they go to, at {@linkcode length}. */
  protected reserve(count: number): Uint8Array<ArrayBuffer> {
    if (this.length + count > this.data.length) this.grow(this.length + count);
    return this.data;
  }

  /** Makes room for `needed` bytes in all. */
  protected grow(needed: number): void {
    const grown = new Uint8Array(2 * needed);
    grown.set(this.data.subarray(0, this.length));
    this.moveTo(grown);
  }

  byte(byte: number): void {
    this.reserve(1)[this.length++] = byte;
  }

  text(text: string): void {
    const count = text.length;
    const data = this.reserve(count);
    let at = this.length;
    for (let i = 0; i < count; i++) data[at++] = text.charCodeAt(i);
    this.length = at;
  }

  utf8(text: string): void {
    // A UTF-16 unit is three bytes at most.
    const data = this.reserve(3 * text.length);
    this.length += writeUtf8(text, data.subarray(this.length));
  }

  label(label: Label): void {
    this.reserve(LABEL_SIZE);
    const at = this.length;
    const view = this.#view;
    view.setInt32(at, label.a, true);
    view.setInt32(at + 4, label.b, true);
    view.setInt32(at + 8, label.c, true);
    view.setInt32(at + 12, label.d, true);
    this.length = at + label.length;
  }

  bytes(from: Uint8Array, start = 0, end: number = from.length): void {
    const count = end - start;
    const data = this.reserve(count);
    const at = this.length;
    if (count > LONG) data.set(from.subarray(start, end), at);
    else for (let i = 0; i < count; i++) data[at + i] = from[start + i]!;
    this.length = at + count;
  }

  decimal(value: number | bigint): void {
    if (typeof value === "bigint" || value < 0 || value > Number.MAX_SAFE_INTEGER) {
      this.text(String(value));
      return;
    }
    this.length = putDecimal(this.reserve(NUMBER_MAX), this.length, value);
  }

  digits(value: number, count: number): void {
    this.length = putDigits(this.reserve(count), this.length, value, count);
  }

  hex(value: number | bigint): void {
    if (typeof value === "number") {
      this.length = putHex(this.reserve(NUMBER_MAX), this.length, value);
    } else this.text(value.toString(16));
  }

  ipv4(word: number): void {
    this.length = putIpv4(this.reserve(IPV4_MAX), this.length, word);
  }

  ipv6(a: number, b: number, c: number, d: number): void {
    this.length = putIpv6(this.reserve(IPV6_MAX), this.length, a, b, c, d);
  }

  /** A copy of what was written since `start`, a length of before. */
  since(start: number): Uint8Array<ArrayBuffer> {
    return this.data.slice(start, this.length);
  }

  /** All of it as text of one character a byte. */
  toText(): string {
    return latin1Text(this.data, 0, this.length);
  }
}

function viewOf(
  { buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>,
): DataView<ArrayBuffer> {
  return new DataView(buffer, byteOffset, byteLength);
}
