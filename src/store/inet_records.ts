/**
 * InetRecords: internet sockets as words of fixed places, in one piece of memory. Every command that keeps internet sockets keeps them
 * here.
 *
 * A record is a copy in a typed array and not the message itself, because reading a typed array needs no call. That matters as long as
 * the code is not compiled, which it hardly ever is before a listing ends.
 *
 * @module
 */
import { AF_INET6 } from "../../ffi/socket.ts";
import type { Core } from "../core/gears.ts";
import * as record from "../core/record.ts";
import { OWNERSHIPS } from "../model/owner.ts";
import type { InetRow } from "./inet_row.ts";

// The layout of core/record.ts, in words.
export const KIND = record.KIND >> 2;
export const PORTS = record.PORTS >> 2;
export const INTERFACE = record.INTERFACE >> 2;
export const COOKIE_LOW = record.COOKIE_LOW >> 2;
export const COOKIE_HIGH = record.COOKIE_HIGH >> 2;
export const EXPIRES_MS = record.EXPIRES_MS >> 2;
export const RECEIVE_QUEUE = record.RECEIVE_QUEUE >> 2;
export const SEND_QUEUE = record.SEND_QUEUE >> 2;
export const UID = record.UID >> 2;
export const INODE = record.INODE >> 2;
export const SOURCE = record.SOURCE >> 2;
export const DESTINATION = record.DESTINATION >> 2;
export const PROTOCOL = record.PROTOCOL >> 2;
export const FLAGS = record.FLAGS >> 2;
export const OWNED_BY = record.OWNED_BY >> 2;
export const ANNOTATIONS = record.ANNOTATIONS >> 2;
const WORDS = record.RECORD_SIZE >> 2;

export { HAS_PEERS, HAS_V6ONLY, V6ONLY } from "../core/record.ts";

/** Most hosts have few sockets. */
const FIRST_RECORDS = 64;
/** How many records the arena makes room for at a time. */
const MORE_RECORDS = 4096;

/** The annotations of a new record: its ownership is not known, nor its reach. */
export const NO_ANNOTATIONS: number = OWNERSHIPS.indexOf("unknown");

/** Memory as words. The arena of the core has others as soon as it is made larger. */
export interface RecordMemory {
  readonly words: Uint32Array;
}

const NOTHING: RecordMemory = { words: new Uint32Array(0) };

/** Records by number, in the order in which they were added. */
export class InetRecords {
  /** Where the records are. */
  memory: RecordMemory = NOTHING;
  /** The word that the first of them begins at. */
  start = 0;
  length = 0;
  #capacity = 0;
  #core: Core | null = null;

  /** The core that has the records in its arena; `null` where they have memory of their own. */
  get core(): Core | null {
    return this.#core;
  }

  /** Where the first record is in the arena, in bytes. */
  get address(): number {
    return 4 * this.start;
  }

  /**
   * Adds a row and returns its number.
   *
   * @param state The state as a TCP number, which may differ from the row's own.
   * @param protocol IPPROTO_*, 0 for unknown.
   * @param flags {@linkcode HAS_V6ONLY} and so on.
   */
  add(row: InetRow, state: number, protocol: number, flags: number): number {
    const number = this.length;
    if (number === this.#capacity) this.reserve(1);
    const { words } = this.memory;
    const at = this.base(number);
    words[at + KIND] = row.family | state << 8 | row.timer << 16 | row.retransmits << 24;
    words[at + PORTS] = row.sourcePort | row.destinationPort << 16;
    words[at + INTERFACE] = row.interfaceIndex;
    words[at + COOKIE_LOW] = row.cookieLow;
    words[at + COOKIE_HIGH] = row.cookieHigh;
    words[at + EXPIRES_MS] = row.expiresMs;
    words[at + RECEIVE_QUEUE] = row.receiveQueue;
    words[at + SEND_QUEUE] = row.sendQueue;
    words[at + UID] = row.uid;
    words[at + INODE] = row.inode;
    // The kernel does not promise that the rest of an IPv4 address is zero.
    const known = row.family === AF_INET6 ? 4 : 1;
    for (let i = 0; i < known; i++) {
      words[at + SOURCE + i] = row.sourceWord(i);
      words[at + DESTINATION + i] = row.destinationWord(i);
    }
    for (let i = known; i < 4; i++) words[at + SOURCE + i] = words[at + DESTINATION + i] = 0;
    words[at + PROTOCOL] = protocol;
    words[at + FLAGS] = flags;
    words[at + OWNED_BY] = 0;
    words[at + ANNOTATIONS] = NO_ANNOTATIONS;
    this.length++;
    return number;
  }

  /** Makes room for `more` records behind the last. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.#capacity) return;
    if (this.#core !== null) {
      this.#take(this.#core, Math.max(needed, this.#capacity + MORE_RECORDS));
      return;
    }
    const capacity = Math.max(needed, 2 * this.#capacity, FIRST_RECORDS);
    const words = new Uint32Array(WORDS * capacity);
    words.set(this.memory.words);
    this.memory = { words };
    this.#capacity = capacity;
  }

  /** Moves the records into the arena, which is large. Cursors that show one of them have to be moved to it again. */
  moveTo(core: Core): void {
    if (this.#core !== null) return;
    const { memory, length } = this;
    this.#core = core;
    this.#take(core, Math.max(length, 1));
    core.words.set(memory.words.subarray(0, WORDS * length), this.start);
    this.memory = core;
  }

  #take(core: Core, capacity: number): void {
    const size = record.RECORD_SIZE * capacity;
    if (
      this.#capacity === 0 || !core.extend(this.address, record.RECORD_SIZE * this.#capacity, size)
    ) {
      const from = this.start;
      this.start = core.take(size) >> 2;
      if (this.memory === core) core.words.copyWithin(this.start, from, from + WORDS * this.length);
    }
    this.#capacity = capacity;
  }

  /** The memory that has a record. Call it again after {@linkcode add}: the memory may have moved. */
  piece(_number: number): Uint32Array {
    return this.memory.words;
  }

  /** Where a record begins in its {@linkcode piece}. */
  base(number: number): number {
    return this.start + number * WORDS;
  }

  /** Forgets all records. */
  clear(): void {
    this.length = 0;
  }
}
