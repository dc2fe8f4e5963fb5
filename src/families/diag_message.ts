/**
 * DiagMessage: one sock_diag message of any family, read in place.
 *
 * @module
 */
import { cookieOf } from "../model/cookie.ts";
import { DecodeError } from "../model/decode_error.ts";
import { AttributeCursor } from "../netlink/attribute.ts";

/**
 * A cursor over the messages in a buffer. One object serves a whole dump: {@linkcode DiagMessage.at} moves it to the next
 * message, so that a row that is only printed or counted never becomes an object of its own.
 *
 * Attributes are found by their number. Which of them exist, and how long they are, is what the kernel sent.
 */
export class DiagMessage {
  view: DataView = new DataView(new ArrayBuffer(0));
  start = 0;
  end = 0;
  /** Name of the struct, for errors. */
  readonly struct: string;
  readonly #size: number;
  readonly #max: number;
  // Offset and length of each attribute's payload. An attribute belongs to this message if its generation is the current one.
  readonly #offsets: Int32Array;
  readonly #lengths: Int32Array;
  readonly #generations: Int32Array;
  readonly #cursor = new AttributeCursor(this.view, 0, 0);
  #generation = 0;
  #indexed = true;

  /** The struct has `size` bytes; attributes have numbers up to `max`. */
  constructor(struct: string, size: number, max: number) {
    this.struct = struct;
    this.#size = size;
    this.#max = max;
    this.#offsets = new Int32Array(max + 1);
    this.#lengths = new Int32Array(max + 1);
    this.#generations = new Int32Array(max + 1);
  }

  /** Moves to the message from `start` to `end`. Throws {@linkcode DecodeError} when it is cut. */
  at(view: DataView, start: number, end: number): this {
    if (end - start < this.#size) {
      throw new DecodeError(
        this.struct,
        start,
        `${end - start} bytes where ${this.#size} are needed`,
      );
    }
    this.view = view;
    this.start = start;
    this.end = end;
    this.#indexed = false;
    return this;
  }

  // Done when the first attribute is asked for: for most rows of a plain listing that never happens.
  #index(): void {
    this.#indexed = true;
    const generation = ++this.#generation;
    const cursor = this.#cursor;
    cursor.reset(this.view, this.start + this.#size, this.end);
    while (cursor.next()) {
      const type = cursor.type;
      if (type > this.#max) continue;
      this.#offsets[type] = cursor.offset;
      this.#lengths[type] = cursor.length;
      this.#generations[type] = generation;
    }
  }

  /**
   * True when the kernel sent this attribute. This and all methods below throw {@linkcode DecodeError} when the length of an
   * attribute does not fit.
   */
  has(type: number): boolean {
    if (!this.#indexed) this.#index();
    return this.#generations[type] === this.#generation;
  }

  /** Offset of an attribute's payload in {@linkcode view}, or -1. */
  attributeOffset(type: number): number {
    return this.has(type) ? this.#offsets[type]! : -1;
  }

  /** Length of an attribute's payload in bytes, or -1. */
  attributeLength(type: number): number {
    return this.has(type) ? this.#lengths[type]! : -1;
  }

  /** An attribute's first byte, or -1 where it is absent or empty. */
  u8Attribute(type: number): number {
    return this.attributeLength(type) >= 1 ? this.view.getUint8(this.#offsets[type]!) : -1;
  }

  /** An attribute's 32 bits number `index`, host byte order, or -1 where it is absent or shorter. */
  u32Attribute(type: number, index = 0): number {
    return this.attributeLength(type) >= 4 * index + 4
      ? this.view.getUint32(this.#offsets[type]! + 4 * index, true)
      : -1;
  }

  /** An attribute's first 64 bits, host byte order, or `null` where it is absent or shorter. */
  u64Attribute(type: number): bigint | null {
    return this.attributeLength(type) >= 8
      ? this.view.getBigUint64(this.#offsets[type]!, true)
      : null;
  }

  /** The cookie in an attribute, `null` where it is absent or shorter. A bigint only from 2^53 on. */
  cookieAttribute(type: number): number | bigint | null {
    if (this.attributeLength(type) < 8) return null;
    return cookieOf(this.u32Attribute(type), this.u32Attribute(type, 1));
  }

  /** A copy of an attribute's payload, or `null` where it is absent. */
  bytesAttribute(type: number): Uint8Array<ArrayBuffer> | null {
    const length = this.attributeLength(type);
    if (length < 0) return null;
    return new Uint8Array(
      this.view.buffer,
      this.view.byteOffset + this.#offsets[type]!,
      length,
    ).slice();
  }

  /** A cursor over all attributes, in the order the kernel sent them, those unknown to this program included. */
  attributes(): AttributeCursor {
    return new AttributeCursor(this.view, this.start + this.#size, this.end);
  }

  /** The cookie at this offset of the message, `null` for none. A bigint only from 2^53 on. */
  cookieAt(offset: number): number | bigint | null {
    return cookieOf(
      this.view.getUint32(this.start + offset, true),
      this.view.getUint32(this.start + offset + 4, true),
    );
  }
}
