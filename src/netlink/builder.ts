/**
 * MessageBuilder: makes requests.
 *
 * @module
 */
import { NLA_F_NESTED, NLA_HEADER_SIZE } from "./attribute.ts";
import { align, NLMSG_HEADER_SIZE } from "./header.ts";

// A DataView would silently make 4464 of 70000, and 1 of 1.5.
function fitting(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`Cannot write ${value}: expected an integer from 0 to ${max}`);
  }
  return value;
}

/**
 * A message under construction: header, body, attributes, in a buffer that grows. Throws RangeError for an integer that does
 * not fit.
 *
 * ```ts
 * import { MessageBuilder, NLM_F_DUMP, NLM_F_REQUEST } from "./src/netlink/mod.ts";
 *
 * const RTM_GETLINK = 18;
 * const IFLA_EXT_MASK = 29;
 * const request = new MessageBuilder(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP)
 *   .zeros(16) // struct ifinfomsg
 *   .u32Attribute(IFLA_EXT_MASK, 1)
 *   .finish();
 * console.log(request.length); // → 40
 * ```
 */
export class MessageBuilder {
  #bytes = new Uint8Array(new ArrayBuffer(256));
  #view = new DataView(this.#bytes.buffer);
  #length = NLMSG_HEADER_SIZE;

  /** Starts a message. Sequence number and port ID are filled in when it is sent. */
  constructor(type: number, flags: number) {
    this.#view.setUint16(4, type, true);
    this.#view.setUint16(6, flags, true);
  }

  #grow(extra: number): number {
    const at = this.#length;
    const needed = align(at + extra);
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(new ArrayBuffer(Math.max(needed, this.#bytes.length * 2)));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = at + extra;
    return at;
  }

  /** Appends one byte. */
  u8(value: number): this {
    this.#view.setUint8(this.#grow(1), fitting(value, 0xff));
    return this;
  }

  /** Appends a 16-bit integer, host byte order. */
  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, fitting(value, 0xffff), true);
    return this;
  }

  /** Appends a 16-bit integer in network byte order, as ports are. */
  be16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, fitting(value, 0xffff), false);
    return this;
  }

  /** Appends a 32-bit integer, host byte order. */
  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, fitting(value, 0xffff_ffff), true);
    return this;
  }

  /** Appends a 64-bit integer, host byte order. */
  u64(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  /** Appends bytes as they are. */
  bytes(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Appends `count` zero bytes. */
  zeros(count: number): this {
    this.#grow(count);
    return this;
  }

  /** Appends an attribute, padded to the alignment. Throws RangeError past 65,531 bytes of payload. */
  attribute(type: number, payload: Uint8Array): this {
    const length = NLA_HEADER_SIZE + payload.length;
    if (length > 0xffff) {
      throw new RangeError(
        `Cannot put ${payload.length} bytes into attribute ${type}: 65531 is the limit`,
      );
    }
    this.#length = align(this.#length);
    this.u16(length).u16(type).bytes(payload);
    this.#grow(align(length) - length);
    return this;
  }

  /** Appends a 32-bit attribute, host byte order. */
  u32Attribute(type: number, value: number): this {
    const payload = new Uint8Array(4);
    new DataView(payload.buffer).setUint32(0, fitting(value, 0xffff_ffff), true);
    return this.attribute(type, payload);
  }

  /** Appends a nest: the attributes that `fill` adds become its payload. */
  nest(type: number, fill: (builder: MessageBuilder) => void): this {
    this.#length = align(this.#length);
    const start = this.#length;
    this.u16(0).u16(type | NLA_F_NESTED);
    fill(this);
    const length = this.#length - start;
    if (length > 0xffff) {
      throw new RangeError(`Cannot nest ${length} bytes in attribute ${type}: 65535 is the limit`);
    }
    this.#view.setUint16(start, length, true);
    return this;
  }

  /** The finished message, its length written into the header. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#view.setUint32(0, this.#length, true);
    return this.#bytes.slice(0, align(this.#length));
  }
}

/** Writes sequence number and port ID into the header of a finished message. */
export function stamp(message: Uint8Array, sequence: number, portId: number): void {
  const view = new DataView(message.buffer, message.byteOffset);
  view.setUint32(8, sequence, true);
  view.setUint32(12, portId, true);
}
