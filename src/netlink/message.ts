/**
 * MessageCursor: reads the messages of a datagram.
 *
 * @module
 */
import { DecodeError } from "../model/decode_error.ts";
import {
  align,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLMSG_ALIGNTO,
  NLMSG_HEADER_SIZE,
  NLMSG_MIN_TYPE,
} from "./header.ts";

/**
 * Steps through the messages of one datagram, in place. {@linkcode MessageCursor.next} throws
 * {@linkcode DecodeError} when a length does not fit; that is the only error.
 *
 * ```ts
 * import { MessageBuilder, MessageCursor, stamp } from "./src/netlink/mod.ts";
 *
 * const datagram = new MessageBuilder(0x10, 0).u32(7).finish();
 * stamp(datagram, 1, 4711);
 * const message = new MessageCursor(new DataView(datagram.buffer), 0, datagram.length);
 * while (message.next()) {
 *   console.log(message.type, message.sequence, message.view.getUint32(message.start, true)); // → 16 1 7
 * }
 * ```
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
  #words: Int32Array = new Int32Array(0);
  #wordsView: DataView | null = null;

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
    const limit = this.#limit;
    let at = this.#next;
    // Messages are aligned, and nearly every view is too; what is not goes through next().
    if ((this.view.byteOffset + at) % NLMSG_ALIGNTO !== 0) return 0;
    const words = this.#wordsOf(this.view);
    let count = 0;
    while (limit - at >= NLMSG_HEADER_SIZE) {
      const word = at >> 2;
      const length = words[word]! >>> 0;
      if (length < NLMSG_HEADER_SIZE || length > limit - at) break;
      const typeAndFlags = words[word + 1]!;
      if ((typeAndFlags & 0xffff) < NLMSG_MIN_TYPE) break;
      if ((typeAndFlags >>> 16 & (NLM_F_MULTI | NLM_F_DUMP_INTR)) !== NLM_F_MULTI) break;
      if (words[word + 2]! >>> 0 !== sequence || words[word + 3]! >>> 0 !== portId) break;
      at += align(length);
      count++;
    }
    // The last may lack its padding.
    this.#next = Math.min(at, limit);
    return count;
  }

  // A loop over words takes a third of one over a DataView before it is compiled, and most runs end before that.
  #wordsOf(view: DataView): Int32Array {
    if (this.#wordsView !== view) {
      this.#wordsView = view;
      this.#words = new Int32Array(view.buffer, view.byteOffset, view.byteLength >> 2);
    }
    return this.#words;
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
