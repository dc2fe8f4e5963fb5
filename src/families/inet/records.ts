/**
 * InetRecords: what a listing asks of an inet_diag_msg, as 19 words each, in large pieces of memory.
 *
 * Not the message itself, because a typed array can be read without a call, which counts before code is compiled, and a listing
 * is over by the time that it is.
 *
 * @module
 */
import { AF_INET6 } from "../../../ffi/socket.ts";
import type { InetMessage } from "./message.ts";
import { type InetRowKind, inetState } from "./row_kind.ts";
import * as uapi from "./uapi.ts";

/** Words of a record. */
export const KIND = 0;
export const PORTS = 1;
export const INTERFACE = 2;
export const COOKIE_LOW = 3;
export const COOKIE_HIGH = 4;
export const EXPIRES_MS = 5;
export const RECEIVE_QUEUE = 6;
export const SEND_QUEUE = 7;
export const UID = 8;
export const INODE = 9;
/** Four words of the local address, then four of the peer's, in host order; IPv4 has only the first. */
export const SOURCE = 10;
export const DESTINATION = 14;
export const ATTRIBUTES = 18;
const WORDS = 19;

/** In {@linkcode ATTRIBUTES}: which there are, and their values. */
export const HAS_V6ONLY = 1;
export const V6ONLY = 2;
export const HAS_PEERS = 4;
export const HAS_PROTOCOL = 8;
export const PROTOCOL_SHIFT = 8;

const PIECE_BITS = 12;
/** Most hosts have few sockets. */
const FIRST_RECORDS = 64;

/** Records by number, in the order they were added. */
export class InetRecords {
  #pieces: Uint32Array[] = [];
  length = 0;

  /** Adds a record. Throws DecodeError when the attributes that it looks at do not add up. */
  add(message: InetMessage, kind: InetRowKind): number {
    const number = this.length;
    const v6 = message.family === AF_INET6;
    const attributes = attributesOf(message, kind);
    const state = inetState(message, kind);
    const record = this.#pieceFor(number);
    const at = this.base(number);
    record[at + KIND] = message.family | state << 8 | message.timer << 16 |
      message.retransmits << 24;
    record[at + PORTS] = message.sourcePort | message.destinationPort << 16;
    record[at + INTERFACE] = message.interfaceIndex;
    record[at + COOKIE_LOW] = message.cookieLow;
    record[at + COOKIE_HIGH] = message.cookieHigh;
    record[at + EXPIRES_MS] = message.expiresMs;
    record[at + RECEIVE_QUEUE] = message.receiveQueue;
    record[at + SEND_QUEUE] = message.sendQueue;
    record[at + UID] = message.uid;
    record[at + INODE] = message.inode;
    // The kernel does not promise that the rest of an IPv4 address is zero.
    const words = v6 ? 4 : 1;
    for (let i = 0; i < words; i++) {
      record[at + SOURCE + i] = message.sourceWord(i);
      record[at + DESTINATION + i] = message.destinationWord(i);
    }
    for (let i = words; i < 4; i++) record[at + SOURCE + i] = record[at + DESTINATION + i] = 0;
    record[at + ATTRIBUTES] = attributes;
    this.length++;
    return number;
  }

  #pieceFor(number: number): Uint32Array {
    const which = number >>> PIECE_BITS;
    const known = this.#pieces[which];
    if (known !== undefined && this.base(number) < known.length) return known;
    const full = WORDS << PIECE_BITS;
    if (known === undefined) {
      return this.#pieces[which] = new Uint32Array(which === 0 ? WORDS * FIRST_RECORDS : full);
    }
    const whole = new Uint32Array(full);
    whole.set(known);
    return this.#pieces[which] = whole;
  }

  /** The memory that has a record, which begins at {@linkcode base} there; until the next one is added. */
  piece(number: number): Uint32Array {
    return this.#pieces[number >>> PIECE_BITS]!;
  }

  base(number: number): number {
    return (number & (1 << PIECE_BITS) - 1) * WORDS;
  }

  /** Forgets all records. */
  clear(): void {
    this.#pieces = [];
    this.length = 0;
  }
}

function attributesOf(message: InetMessage, kind: InetRowKind): number {
  let attributes = 0;
  if (message.family === AF_INET6) {
    const v6only = message.u8Attribute(uapi.INET_DIAG_SKV6ONLY);
    if (v6only >= 0) attributes |= HAS_V6ONLY | (v6only > 0 ? V6ONLY : 0);
  }
  // Finding out that a message has no attribute costs as much as all the rest, so only those are asked that may have it.
  if (kind.transport === "sctp" && message.has(uapi.INET_DIAG_PEERS)) attributes |= HAS_PEERS;
  if (kind.transport === "raw") {
    const protocol = message.u8Attribute(uapi.INET_DIAG_PROTOCOL);
    if (protocol >= 0) attributes |= HAS_PROTOCOL | protocol << PROTOCOL_SHIFT;
  }
  return attributes;
}
