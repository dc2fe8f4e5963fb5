/**
 * Unix sockets in ss mode.
 *
 * @module
 */
import { AF_UNIX } from "../../../../ffi/socket.ts";
import type { Bytes } from "../../../model/owner.ts";
import { TCP_CLOSE, TCP_ESTABLISHED } from "../../../model/state.ts";
import type { SourceKind } from "../../../families/family.ts";
import { COLUMN } from "../layout/columns.ts";
import type { SsTable } from "../layout/table.ts";
import type { SsContext } from "../context.ts";
import type { SsFamily, SsPrinter } from "./printer.ts";
import { TABLE } from "../selection.ts";
import { writeStart } from "./row.ts";
import { writeSkmem } from "./skmem.ts";
import { RowSubject } from "./subject.ts";
import { UnixMessage } from "../../../families/unix/message.ts";
import { unixProcTable } from "../../../families/unix/proc.ts";
import { dumpRequest } from "../../../families/unix/request.ts";
import { SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from "../../../../ffi/socket.ts";
import * as uapi from "../../../families/unix/uapi.ts";
import { utf8Text } from "../../../text/encoding.ts";

const AT = 0x40;
const STAR = 0x2a;

/** How many rows of /proc ss keeps to sort them; then it prints those and begins anew. */
const SORTED_ROWS = 1680;

/** One that ss does not know is shown as a datagram socket. */
function netidOf(type: number): string {
  if (type === SOCK_STREAM) return "u_str";
  return type === SOCK_SEQPACKET ? "u_seq" : "u_dgr";
}

/** Bit of the table that a type belongs to; any table for a type that ss does not know. */
function tableOf(type: number): number {
  if (type === SOCK_STREAM) return TABLE.unix_stream;
  if (type === SOCK_SEQPACKET) return TABLE.unix_seqpacket;
  return type === SOCK_DGRAM ? TABLE.unix_dgram : ~0;
}

/** The name as ss prints it: an abstract one with `@` for every NUL; `null` for none. */
function printedName(message: UnixMessage): Bytes | null {
  if (!message.has(uapi.UNIX_DIAG_NAME)) return null;
  const { path, abstractName } = message;
  if (abstractName === null) return path;
  const name = new Uint8Array(abstractName.length + 1);
  name[0] = AT;
  for (const [i, byte] of abstractName.entries()) name[i + 1] = byte === 0 ? AT : byte;
  return name;
}

const BLANKS = [0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d];

/** Of a name in /proc ss reads what comes before the first blank. */
function firstWord(name: Bytes | null): Bytes | null {
  if (name === null) return null;
  const end = name.findIndex((byte) => BLANKS.includes(byte));
  const word = end < 0 ? name : name.subarray(0, end);
  return word.length === 0 ? null : word;
}

/** What a filter can ask of a row. */
interface UnixName {
  name: Bytes | null;
  inode: number;
  peer: number;
}

/** A row as a filter sees it: one object for all of them. */
class UnixSubject extends RowSubject<UnixName> {
  readonly family = AF_UNIX;

  /** Moves to another row. */
  of(name: Bytes | null, inode: number, peer: number): this {
    this.message.name = name;
    this.message.inode = inode;
    this.message.peer = peer;
    return this;
  }

  override get sourcePort(): number {
    return this.message.inode;
  }

  override get destinationPort(): number {
    return this.message.peer;
  }

  override get sourceName(): string | null {
    const { name } = this.message;
    return name === null ? null : utf8Text(name);
  }

  override sourceWord(): number {
    return this.message.name === null ? 0 : ~0;
  }
}

/** A row from /proc, kept to be sorted. */
interface KeptRow {
  readonly type: number;
  readonly state: number;
  readonly inode: number;
  readonly name: Bytes | null;
}

class UnixPrinter implements SsPrinter {
  readonly #context: SsContext;
  readonly #message = new UnixMessage();
  readonly #subject: UnixSubject;
  readonly #kept: KeptRow[] = [];

  constructor(context: SsContext) {
    this.#context = context;
    this.#subject = new UnixSubject({ name: null, inode: 0, peer: 0 }, context.names);
  }

  row(view: DataView, start: number, end: number, source: SourceKind): void {
    const message = this.#message.at(view, start, end);
    if ((this.#context.selection.tables & tableOf(message.type)) === 0) return;
    if (source === "proc") this.#keep(message);
    else this.#print(message);
  }

  #print(message: UnixMessage): void {
    const { cells, options } = this.#context;
    const name = printedName(message);
    const peer = Math.max(0, message.peerInode);
    if (!this.#context.wants(this.#subject.of(name, message.inode, peer))) return;
    const received = Math.max(0, message.u32Attribute(uapi.UNIX_DIAG_RQLEN));
    const sent = Math.max(0, message.u32Attribute(uapi.UNIX_DIAG_RQLEN, 1));
    this.#start(message.type, message.state, received, sent, name, message.inode, peer);
    if (options.memory && message.has(uapi.UNIX_DIAG_MEMINFO)) {
      writeSkmem(cells, message, uapi.UNIX_DIAG_MEMINFO);
    }
    if (options.extended) writeExtended(cells, message);
  }

  // /proc tells neither queues nor peers, and to the filter not even the inode.
  #keep(message: UnixMessage): void {
    const { selection } = this.#context;
    let { state } = message;
    // ss takes the pointer at the head of the line for the peer, and one with a peer for connected.
    if (message.type === SOCK_DGRAM && state === TCP_CLOSE && pointerLow(message) !== 0) {
      state = TCP_ESTABLISHED;
    }
    if ((selection.states & 1 << state) === 0) return;
    const name = firstWord(printedName(message));
    if (!this.#context.wants(this.#subject.of(name, 0, 0))) return;
    this.#kept.push({ type: message.type, state, inode: message.inode, name });
    if (this.#kept.length > SORTED_ROWS) this.finish();
  }

  finish(): void {
    this.#kept.sort((a, b) => a.type - b.type || (a.inode | 0) - (b.inode | 0));
    for (const { type, state, inode, name } of this.#kept) {
      this.#start(type, state, 0, 0, name, inode, 0);
    }
    this.#kept.length = 0;
  }

  #start(
    type: number,
    state: number,
    received: number,
    sent: number,
    name: Bytes | null,
    inode: number,
    peer: number,
  ): void {
    const { cells } = this.#context;
    writeStart(cells, netidOf(type), state, received, sent);
    if (name === null) cells.byte(STAR);
    else cells.bytes(name);
    cells.byte(0x20);
    cells.column(COLUMN.port);
    cells.decimal(inode);
    cells.column(COLUMN.peerAddress);
    cells.text("* ");
    cells.column(COLUMN.peerPort);
    cells.decimal(peer);
    cells.column(COLUMN.process);
    this.#context.process(inode);
  }
}

function pointerLow(message: UnixMessage): number {
  return message.view.getUint32(message.start + uapi.MSG_COOKIE, true);
}

function writeExtended(cells: SsTable, message: UnixMessage): void {
  const shutdown = message.u8Attribute(uapi.UNIX_DIAG_SHUTDOWN);
  if (shutdown >= 0) {
    cells.text((shutdown & 1) !== 0 ? " -" : " <");
    cells.text((shutdown & 2) !== 0 ? "--" : "->");
  }
  if (message.attributeLength(uapi.UNIX_DIAG_VFS) >= 8) {
    const device = message.u32Attribute(uapi.UNIX_DIAG_VFS, 1);
    cells.text(" ino:");
    cells.decimal(message.u32Attribute(uapi.UNIX_DIAG_VFS));
    // The kernel's number, taken apart as if it were one of user space: makedev(3) has the parts elsewhere.
    cells.text(` dev:${device >>> 8 & 0xfff}/${device & 0xff | device >>> 12 & 0xfff00}`);
  }
  if (message.has(uapi.UNIX_DIAG_ICONS)) {
    cells.text(" peers:");
    for (const inode of message.waitingInodes) cells.text(` ${inode}`);
  }
}

/** Unix sockets in ss mode. */
export const ss: SsFamily = {
  request({ options, selection }) {
    let show = uapi.UDIAG_SHOW_NAME | uapi.UDIAG_SHOW_PEER | uapi.UDIAG_SHOW_RQLEN;
    if (options.memory) show |= uapi.UDIAG_SHOW_MEMINFO;
    if (options.extended) show |= uapi.UDIAG_SHOW_VFS | uapi.UDIAG_SHOW_ICONS;
    return dumpRequest(selection.states, show);
  },
  table: unixProcTable,
  printer: (context) => new UnixPrinter(context),
};
