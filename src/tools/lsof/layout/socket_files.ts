/**
 * SocketFiles: the TCP and UDP sockets of one process where nothing is looked up for them, each kept as two numbers.
 *
 * On a busy host nearly every row of `lsof -nP -i` is such a one. Here it is written in one function from the kernel's own
 * words, which is compiled early; column by column and object by object it takes three times as long. What is printed is what
 * the table prints of the same row: the tests compare the two.
 *
 * @module
 */
import { AF_INET } from "../../../../ffi/socket.ts";
import {
  MSG_DPORT,
  MSG_DST,
  MSG_FAMILY,
  MSG_INODE,
  MSG_SPORT,
  MSG_SRC,
} from "../../../families/inet/uapi.ts";
import { swap16, swap32 } from "../../../model/byte_order.ts";
import { constant } from "../../../text/repeated.ts";
import { digitsOf, type RowBuffer } from "../../../text/row_buffer.ts";
import type { FileRow, Files } from "../rows/row.ts";

/** Where the sockets are, and what the table says of them that is not in their words. */
export interface SocketStore {
  /** Their inet_diag_msg, one behind the other: ports and addresses are big-endian. */
  readonly words: Uint32Array;
  /** What the SIZE/OFF column has. */
  readonly offset: string;
  /** Name of the protocol of the socket at a place. */
  protocol(place: number): string;
  /** What stands behind its name: ` (LISTEN)`, or nothing but the blank. */
  state(place: number): string;
  /** The socket at a place, held by a descriptor, as a row like any other. */
  row(descriptor: number, place: number): FileRow;
}

/** Widths of the columns FD, TYPE, DEVICE, SIZE/OFF and NODE. */
export type SocketWidths = readonly [
  descriptor: number,
  type: number,
  device: number,
  size: number,
  node: number,
];

const BLANK = 0x20;
const STAR = 0x2a;
const HYPHEN = 0x2d;
const COLON = 0x3a;
const GREATER = 0x3e;
/** The highest descriptor that the table writes in full. */
const LAST_DESCRIPTOR = 9999;
const DESCRIPTOR_WIDTH = 6;
const TYPE = "IPv4";
/** Behind the number of the descriptor: its mode, no lock, and the type. */
const MODE_AND_TYPE = constant(`u  ${TYPE} `);
const MODE_WIDTH = 2;

/** Descriptors and places of their sockets. */
export class SocketFiles implements Files {
  readonly #store: SocketStore;
  #descriptors = new Int32Array(16);
  #places = new Int32Array(16);
  length = 0;

  constructor(store: SocketStore) {
    this.#store = store;
  }

  /** Adds a socket, by the word of the store that it begins at. */
  add(descriptor: number, place: number): void {
    const at = this.length++;
    if (at === this.#places.length) {
      this.#descriptors = enlarged(this.#descriptors);
      this.#places = enlarged(this.#places);
    }
    this.#descriptors[at] = descriptor;
    this.#places[at] = place;
  }

  /** A row by its number, as the table writes any other. */
  at(i: number): FileRow {
    return this.#store.row(this.#descriptors[i]!, this.#places[i]!);
  }

  *[Symbol.iterator](): Iterator<FileRow> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  /** What the columns have to have for these rows. */
  get widths(): SocketWidths {
    const { words, offset } = this.#store;
    const places = this.#places;
    let highest = 0;
    let node = 0;
    for (let i = 0; i < this.length; i++) {
      const inode = words[places[i]! + MSG_INODE / 4]!;
      if (inode > highest) highest = inode;
      const { length } = this.#store.protocol(places[i]!);
      if (length > node) node = length;
    }
    return [DESCRIPTOR_WIDTH, TYPE.length, digitsOf(highest), offset.length, node];
  }

  /**
   * Writes a row from its descriptor to its end. Returns false, and writes nothing, where the table has to: for an IPv6 socket,
   * and a descriptor that is not written in full.
   */
  write(i: number, [width, , device, size, node]: SocketWidths, out: RowBuffer): boolean {
    const store = this.#store;
    const { words, offset } = store;
    const descriptor = this.#descriptors[i]!;
    const place = this.#places[i]!;
    const family = words[place + MSG_FAMILY / 4]! & 0xff;
    if (family !== AF_INET || descriptor > LAST_DESCRIPTOR) return false;
    out.right(descriptor, width - MODE_WIDTH);
    out.bytes(MODE_AND_TYPE);
    out.right(words[place + MSG_INODE / 4]!, device);
    out.pad(out.length, 1 + size - offset.length);
    out.text(offset);
    const protocol = store.protocol(place);
    out.pad(out.length, 1 + node - protocol.length);
    out.text(protocol);
    out.byte(BLANK);
    const start = out.length;
    const ports = words[place + MSG_SPORT / 4]!;
    writeEnd(swap32(words[place + MSG_SRC / 4]!), swap16(ports), out);
    const peer = swap32(words[place + MSG_DST / 4]!);
    const peerPort = swap16(ports >>> 8 * (MSG_DPORT - MSG_SPORT));
    if (peer !== 0 || peerPort !== 0) {
      out.byte(HYPHEN);
      out.byte(GREATER);
      writeEnd(peer, peerPort, out);
    }
    const state = store.state(place);
    // Where there is no name the state stands alone.
    out.text(out.length > start ? state : state.trimStart());
    return true;
  }
}

// Nothing where there is neither an address nor a port.
function writeEnd(address: number, port: number, out: RowBuffer): void {
  if (address !== 0) out.ipv4(address);
  else if (port !== 0) out.byte(STAR);
  else return;
  out.byte(COLON);
  if (port === 0) out.byte(STAR);
  else out.decimal(port);
}

function enlarged(from: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const to = new Int32Array(2 * from.length);
  to.set(from);
  return to;
}
