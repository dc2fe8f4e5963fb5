/**
 * SocketFiles: the TCP and UDP sockets of one process where nothing is looked up for them, each kept as two numbers.
 *
 * On a busy host nearly every row of `lsof -nP -i` is such a socket. One function writes it from its record, and that function
 * is compiled early: column by column and object by object it takes three times as long. The tests compare what it prints with
 * what the table prints of the same row.
 *
 * @module
 */
import { AF_INET } from "../../../../ffi/socket.ts";
import {
  DESTINATION,
  type InetRecords,
  INODE,
  KIND,
  PORTS,
  PROTOCOL,
  SOURCE,
} from "../../../store/inet_records.ts";
import { constant } from "../../../text/repeated.ts";
import { decimalLength } from "../../../text/digits.ts";
import type { RowBuffer } from "../../../text/row_buffer.ts";
import type { FileRow, Files, FileWidths } from "../rows/row.ts";

/** Where the sockets are, and what the table says of them that is not in their records. */
export interface SocketStore {
  readonly records: InetRecords;
  /** What the SIZE/OFF column shows. */
  readonly offset: string;
  /** Name of a protocol, by its IPPROTO_*. */
  protocol(protocol: number): string;
  /** What stands behind the name of a socket in this state: ` (LISTEN)`, or nothing but the blank. */
  state(protocol: number, state: number): string;
  /** The socket of a number, held by a descriptor, as a row like any other. */
  row(descriptor: number, number: number): FileRow;
}

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

/** Descriptors, and the numbers of their sockets. */
export class SocketFiles implements Files {
  readonly #store: SocketStore;
  #descriptors = new Int32Array(16);
  #numbers = new Int32Array(16);
  length = 0;

  constructor(store: SocketStore) {
    this.#store = store;
  }

  /** Adds the socket of a number. */
  add(descriptor: number, number: number): void {
    const at = this.length++;
    if (at === this.#numbers.length) {
      this.#descriptors = enlarged(this.#descriptors);
      this.#numbers = enlarged(this.#numbers);
    }
    this.#descriptors[at] = descriptor;
    this.#numbers[at] = number;
  }

  /** A row by its number, as the table writes any other. */
  at(i: number): FileRow {
    return this.#store.row(this.#descriptors[i]!, this.#numbers[i]!);
  }

  *[Symbol.iterator](): Iterator<FileRow> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  /** How wide the columns have to be for these rows. */
  get widths(): FileWidths {
    const { records, offset } = this.#store;
    let highest = 0;
    let node = 0;
    for (let i = 0; i < this.length; i++) {
      const number = this.#numbers[i]!;
      const record = records.piece(number);
      const at = records.base(number);
      const inode = record[at + INODE]!;
      if (inode > highest) highest = inode;
      const { length } = this.#store.protocol(record[at + PROTOCOL]!);
      if (length > node) node = length;
    }
    return [DESCRIPTOR_WIDTH, TYPE.length, decimalLength(highest), offset.length, node];
  }

  /**
   * Writes a row from its descriptor to its end. Returns false, and writes nothing, for an IPv6 socket and for a descriptor
   * that is not written in full: the table writes those.
   */
  write(i: number, [width, , device, size, node]: FileWidths, out: RowBuffer): boolean {
    const store = this.#store;
    const { records, offset } = store;
    const descriptor = this.#descriptors[i]!;
    const number = this.#numbers[i]!;
    const record = records.piece(number);
    const base = records.base(number);
    const kind = record[base + KIND]!;
    const family = kind & 0xff;
    if (family !== AF_INET || descriptor > LAST_DESCRIPTOR) return false;
    out.right(descriptor, width - MODE_WIDTH);
    out.bytes(MODE_AND_TYPE);
    out.right(record[base + INODE]!, device);
    out.pad(out.length, 1 + size - offset.length);
    out.text(offset);
    const protocolNumber = record[base + PROTOCOL]!;
    const protocol = store.protocol(protocolNumber);
    out.pad(out.length, 1 + node - protocol.length);
    out.text(protocol);
    out.byte(BLANK);
    const start = out.length;
    const ports = record[base + PORTS]!;
    writeEnd(record[base + SOURCE]!, ports & 0xffff, out);
    const peer = record[base + DESTINATION]!;
    const peerPort = ports >>> 16;
    if (peer !== 0 || peerPort !== 0) {
      out.byte(HYPHEN);
      out.byte(GREATER);
      writeEnd(peer, peerPort, out);
    }
    const state = store.state(protocolNumber, kind >>> 8 & 0xff);
    // Without a name the state stands alone.
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
