/**
 * Messages: build a request, and step through the messages of a datagram.
 *
 * @module
 */
import { DecodeError } from "../model/decode_error.ts";
import { NLA_F_NESTED, NLA_HEADER_SIZE } from "./attribute.ts";
import {
  align,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLMSG_HEADER_SIZE,
  NLMSG_MIN_TYPE,
} from "./header.ts";

// A DataView would cut 70000 to 4464 and 1.5 to 1 without a word.
function fitting(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`Cannot write ${value}: expected an integer from 0 to ${max}`);
  }
  return value;
}

/**
 * A message under construction: header, body, attributes, in a buffer that grows. Integers that do not fit are a RangeError.
 *
 * ```ts
 * const request = new MessageBuilder(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP)
 *   .bytes(body)
 *   .attribute(INET_DIAG_REQ_BYTECODE, program)
 *   .finish();
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

/**
 * Steps through the messages of one datagram, in place. {@linkcode MessageCursor.next} throws
 * {@linkcode DecodeError} when a length does not fit.
 */
export class MessageCursor {
  view: DataView;
  type = 0;
  flags = 0;
  sequence = 0;
  portId = 0;
  /** Where the message's body begins, after the header. */
  start = 0;
  /** Where the message ends, padding excluded. */
  end = 0;
  #next: number;
  #limit: number;

  constructor(view: DataView, start: number, end: number) {
    this.view = view;
    this.#next = start;
    this.#limit = end;
  }

  /** Starts over on another range. */
  reset(view: DataView, start: number, end: number): void {
    this.view = view;
    this.#next = start;
    this.#limit = end;
  }

  /** Where the next message begins. */
  get position(): number {
    return this.#next;
  }

  /**
   * Moves past the messages of a dump that say nothing about the dump itself: whole ones of a family, part of a series, not
   * disturbed, in answer to this request. Returns how many there were. What they hold is from the position before to
   * the one after.
   */
  skipSeries(sequence: number, portId: number): number {
    const { view } = this;
    const limit = this.#limit;
    let at = this.#next;
    let count = 0;
    while (limit - at >= NLMSG_HEADER_SIZE) {
      const length = view.getUint32(at, true);
      if (length < NLMSG_HEADER_SIZE || length > limit - at) break;
      if (view.getUint16(at + 4, true) < NLMSG_MIN_TYPE) break;
      const flags = view.getUint16(at + 6, true);
      if ((flags & (NLM_F_MULTI | NLM_F_DUMP_INTR)) !== NLM_F_MULTI) break;
      if (view.getUint32(at + 8, true) !== sequence) break;
      if (view.getUint32(at + 12, true) !== portId) break;
      at += align(length);
      count++;
    }
    // The last may lack its padding.
    this.#next = Math.min(at, limit);
    return count;
  }

  /** Moves to the next message. Returns false at the end of the datagram. */
  next(): boolean {
    const at = this.#next;
    const left = this.#limit - at;
    if (left <= 0) return false;
    if (left < NLMSG_HEADER_SIZE) {
      throw new DecodeError("nlmsghdr", at, `${left} bytes where ${NLMSG_HEADER_SIZE} are needed`);
    }
    const length = this.view.getUint32(at, true);
    if (length < NLMSG_HEADER_SIZE || length > left) {
      throw new DecodeError("nlmsghdr", at, `length ${length} where ${left} bytes are left`);
    }
    this.type = this.view.getUint16(at + 4, true);
    this.flags = this.view.getUint16(at + 6, true);
    this.sequence = this.view.getUint32(at + 8, true);
    this.portId = this.view.getUint32(at + 12, true);
    this.start = at + NLMSG_HEADER_SIZE;
    this.end = at + length;
    this.#next = at + align(length);
    return true;
  }
}
