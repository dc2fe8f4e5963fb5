/**
 * DiagMessage: one sock_diag message of any family, read in place.
 *
 * @module
 */
import { cookieOf } from "../model/cookie.ts";
import { DecodeError } from "../model/decode_error.ts";
import { AttributeCursor } from "../netlink/attribute.ts";

/**
 * A window on one message in a buffer. One object serves a whole dump: {@linkcode DiagMessage.at} moves it to the next
 * message, and a row that is only printed or counted never becomes an object of its own.
 *
 * Attributes are found by their number; which exist is decided by what the kernel sent, and their size by its length.
 */
export class DiagMessage {
  view: DataView = new DataView(new ArrayBuffer(0));
  start = 0;
  end = 0;
  readonly #what: string;
  readonly #size: number;
  readonly #max: number;
  // Offset and length of each attribute's payload; the generation tells those of this message from older ones.
  readonly #offsets: Int32Array;
  readonly #lengths: Int32Array;
  readonly #generations: Int32Array;
  readonly #cursor = new AttributeCursor(this.view, 0, 0);
  #generation = 0;
  #indexed = true;

  /** `what` names the struct, which has `size` bytes; attributes have numbers up to `max`. */
  constructor(what: string, size: number, max: number) {
    this.#what = what;
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
        this.#what,
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

  // Most rows of a plain listing are never asked for an attribute.
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

  /** True when the kernel sent this attribute. This and all that follows throw {@linkcode DecodeError} when lengths do not fit. */
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
  protected cookieAt(offset: number): number | bigint | null {
    return cookieOf(
      this.view.getUint32(this.start + offset, true),
      this.view.getUint32(this.start + offset + 4, true),
    );
  }
}
