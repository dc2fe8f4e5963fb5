/**
 * InetRecords: internet sockets as 20 words each, in large pieces of memory. Every command that keeps internet sockets keeps them
 * here.
 *
 * A record is a copy in a typed array and not the message itself, because reading a typed array needs no call. That matters as long as
 * the code is not compiled, which it hardly ever is before a listing ends.
 *
 * @module
 */
import { AF_INET6 } from "../../ffi/socket.ts";
import type { InetRow } from "./inet_row.ts";

/** Words of a record. */
/** From the lowest byte up: address family, state, timer, retransmits. */
export const KIND = 0;
/** Local port in the low half, the peer's in the high half, both in host order. */
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
/** IPPROTO_*; 0 where the request does not tell. */
export const PROTOCOL = 18;
/** What is known of the message's attributes: {@linkcode HAS_V6ONLY} and so on. */
export const FLAGS = 19;
const WORDS = 20;

/** In {@linkcode FLAGS}. */
export const HAS_V6ONLY = 1;
export const V6ONLY = 2;
export const HAS_PEERS = 4;

const PIECE_BITS = 12;
/** Most hosts have few sockets. */
const FIRST_RECORDS = 64;

/** Records by number, in the order in which they were added. */
export class InetRecords {
  #pieces: Uint32Array[] = [];
  length = 0;

  /**
   * Adds a row and returns its number.
   *
   * @param state The state as a TCP number, which may differ from the row's own.
   * @param protocol IPPROTO_*, 0 for unknown.
   * @param flags {@linkcode HAS_V6ONLY} and so on.
   */
  add(row: InetRow, state: number, protocol: number, flags: number): number {
    const number = this.length;
    const record = this.#pieceFor(number);
    const at = this.base(number);
    record[at + KIND] = row.family | state << 8 | row.timer << 16 | row.retransmits << 24;
    record[at + PORTS] = row.sourcePort | row.destinationPort << 16;
    record[at + INTERFACE] = row.interfaceIndex;
    record[at + COOKIE_LOW] = row.cookieLow;
    record[at + COOKIE_HIGH] = row.cookieHigh;
    record[at + EXPIRES_MS] = row.expiresMs;
    record[at + RECEIVE_QUEUE] = row.receiveQueue;
    record[at + SEND_QUEUE] = row.sendQueue;
    record[at + UID] = row.uid;
    record[at + INODE] = row.inode;
    // The kernel does not promise that the rest of an IPv4 address is zero.
    const words = row.family === AF_INET6 ? 4 : 1;
    for (let i = 0; i < words; i++) {
      record[at + SOURCE + i] = row.sourceWord(i);
      record[at + DESTINATION + i] = row.destinationWord(i);
    }
    for (let i = words; i < 4; i++) record[at + SOURCE + i] = record[at + DESTINATION + i] = 0;
    record[at + PROTOCOL] = protocol;
    record[at + FLAGS] = flags;
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

  /** The memory that has a record. Call it again after {@linkcode add}: the memory may have moved. */
  piece(number: number): Uint32Array {
    return this.#pieces[number >>> PIECE_BITS]!;
  }

  /** Where a record begins in its {@linkcode piece}. */
  base(number: number): number {
    return (number & (1 << PIECE_BITS) - 1) * WORDS;
  }

  /** Forgets all records. */
  clear(): void {
    this.#pieces = [];
    this.length = 0;
  }
}
