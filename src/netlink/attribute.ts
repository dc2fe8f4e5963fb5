/**
 * Attributes: a cursor that reads them in place, and a writer.
 *
 * struct nlattr (include/uapi/linux/netlink.h), 4 bytes, host byte order: len u16 0 (header included), type u16 2, whose
 * two top bits are flags (nested, network byte order). The payload follows; the next attribute is 4-byte aligned.
 *
 * @module
 */
import { DecodeError } from "../model/decode_error.ts";
import { latin1Text } from "../text/encoding.ts";
import { align } from "./header.ts";

// #define NLA_HDRLEN ((int) NLA_ALIGN(sizeof(struct nlattr)))
export const NLA_HEADER_SIZE = 4;
export const NLA_F_NESTED = 0x8000;
export const NLA_F_NET_BYTEORDER = 0x4000;
const NLA_TYPE_MASK = 0x3fff;

/**
 * Walks the attributes of a range of a buffer without copying.
 *
 * ```ts
 * import { AttributeCursor, MessageBuilder, NLMSG_HEADER_SIZE } from "./src/netlink/mod.ts";
 *
 * const message = new MessageBuilder(0x10, 0)
 *   .u32Attribute(1, 80)
 *   .nest(2, (inner) => inner.u32Attribute(3, 443))
 *   .finish();
 * const view = new DataView(message.buffer);
 * const attributes = new AttributeCursor(view, NLMSG_HEADER_SIZE, message.length);
 * while (attributes.next()) {
 *   if (attributes.type === 1) console.log(attributes.u32()); // → 80
 *   if (attributes.type === 2) {
 *     const inner = attributes.nested();
 *     while (inner.next()) console.log(inner.type, inner.u32()); // → 3 443
 *   }
 * }
 * ```
 *
 * {@linkcode AttributeCursor.next} and the getters throw {@linkcode DecodeError} on lengths that do not add up.
 */
export class AttributeCursor {
  /** The buffer that offsets point into. */
  view: DataView;
  /** Attribute number, without the flag bits. */
  type = 0;
  /** Offset of the payload in {@linkcode view}. */
  offset = 0;
  /** Length of the payload in bytes. */
  length = 0;
  #next: number;
  #end: number;

  constructor(view: DataView, start: number, end: number) {
    this.view = view;
    this.#next = start;
    this.#end = end;
  }

  /** Starts over on another range, so that one cursor serves a whole dump. */
  reset(view: DataView, start: number, end: number): void {
    this.view = view;
    this.#next = start;
    this.#end = end;
  }

  /** Moves to the next attribute. Returns false at the end; fewer than 4 bytes left over are padding. */
  next(): boolean {
    const at = this.#next;
    const left = this.#end - at;
    if (left < NLA_HEADER_SIZE) return false;
    const length = this.view.getUint16(at, true);
    if (length < NLA_HEADER_SIZE || length > left) {
      throw new DecodeError("nlattr", at, `length ${length} where ${left} bytes are left`);
    }
    this.type = this.view.getUint16(at + 2, true) & NLA_TYPE_MASK;
    this.offset = at + NLA_HEADER_SIZE;
    this.length = length - NLA_HEADER_SIZE;
    this.#next = at + align(length);
    return true;
  }

  #need(size: number): void {
    if (this.length < size) {
      throw new DecodeError(
        `attribute ${this.type}`,
        this.offset,
        `${this.length} bytes where ${size} are needed`,
      );
    }
  }

  /** The payload as an unsigned byte. */
  u8(): number {
    this.#need(1);
    return this.view.getUint8(this.offset);
  }

  /** The payload as a 16-bit unsigned integer, host byte order. */
  u16(): number {
    this.#need(2);
    return this.view.getUint16(this.offset, true);
  }

  /** The payload as a 32-bit unsigned integer, host byte order. */
  u32(): number {
    this.#need(4);
    return this.view.getUint32(this.offset, true);
  }

  /** The payload as a 32-bit signed integer, host byte order. */
  s32(): number {
    this.#need(4);
    return this.view.getInt32(this.offset, true);
  }

  /** The payload as a 64-bit unsigned integer, host byte order. */
  u64(): bigint {
    this.#need(8);
    return this.view.getBigUint64(this.offset, true);
  }

  /** A copy of the payload. */
  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.view.buffer, this.view.byteOffset + this.offset, this.length)
      .slice();
  }

  /** The payload as text up to the first NUL, one character a byte: for names that the kernel itself chose. */
  string(): string {
    const bytes = new Uint8Array(
      this.view.buffer,
      this.view.byteOffset + this.offset,
      this.length,
    );
    const end = bytes.indexOf(0);
    return latin1Text(bytes, 0, end < 0 ? bytes.length : end);
  }

  /** A cursor over the attributes inside this one. */
  nested(): AttributeCursor {
    return new AttributeCursor(this.view, this.offset, this.offset + this.length);
  }
}
