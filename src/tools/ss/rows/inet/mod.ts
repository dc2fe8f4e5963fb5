/**
 * Internet sockets in ss mode: requests as ss makes them, and rows.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../../../ffi/socket.ts";
import { MessageBuilder } from "../../../../netlink/builder.ts";
import { align, NLM_F_DUMP, NLM_F_REQUEST, NLMSG_HEADER_SIZE } from "../../../../netlink/header.ts";
import type { SourceKind } from "../../../../families/family.ts";
import { COLUMN } from "../../layout/columns.ts";
import { IPV4_ROW_MAPPED, IPV4_ROW_STATES, IPV4_ROW_WORDS } from "../../layout/ipv4_rows.ts";
import type { SsTable } from "../../layout/table.ts";
import type { SsContext } from "../../context.ts";
import type { SsOptions } from "../../options.ts";
import type { SsPrinter } from "../printer.ts";
import { writeQueues, writeStart } from "../row.ts";
import { InetMessage } from "../../../../families/inet/message.ts";
import { dumpRequest } from "../../../../families/inet/request.ts";
import { InetMessageSubject } from "../../../../families/inet/subject.ts";
import { writeIpv6 } from "./address.ts";
import type { InetDetails } from "./details.ts";
import { writeSctpTimer, writeTimer } from "./timer.ts";
import * as uapi from "../../../../families/inet/uapi.ts";

// Loaded with the first row that needs them: most listings show none of it.
const detailsModule = () => require("./details.ts") as typeof import("./details.ts");
const procModule = () => require("./proc.ts") as typeof import("./proc.ts");
const sctpModule = () => require("./sctp.ts") as typeof import("./sctp.ts");

/** Names that a row needs beside those of {@linkcode SsContext}. */
export interface InetNames {
  /** What stands for a port: a service, the number, `*` for 0. */
  port(port: number): string;
  /** Name of a host, with `-r`; `null` for the address itself. */
  host(message: InetMessage, end: "source" | "destination"): string | null;
}

/** What a printer has to know of its table. */
export interface InetPrinterOptions {
  /** IPPROTO_* that the rows are of; 0 for raw sockets read from /proc. */
  readonly protocol: number;
  readonly names: InetNames;
  /** Does with a row what `-K` asks; false when the row is not to be shown. `null` without `-K`. */
  readonly close: ((message: InetMessage) => boolean) | null;
  /** False when every row is wanted that the kernel sends. */
  readonly filtered: boolean;
}

/** The `idiag_ext` bits that ss asks for. */
function ssExtensions(options: SsOptions): number {
  const { extension } = uapi;
  let bits = 0;
  if (options.memory) {
    bits |= extension(uapi.INET_DIAG_MEMINFO) | extension(uapi.INET_DIAG_SKMEMINFO);
  }
  if (options.info) {
    bits |= extension(uapi.INET_DIAG_INFO) | extension(uapi.INET_DIAG_VEGASINFO) |
      extension(uapi.INET_DIAG_CONG);
  }
  if (options.tos) bits |= extension(uapi.INET_DIAG_TOS) | extension(uapi.INET_DIAG_TCLASS);
  return bits;
}

/** The dump of one protocol over one family. */
export function ssRequest(
  family: number,
  protocol: number,
  states: number,
  options: SsOptions,
  bytecode: Uint8Array | null,
): Uint8Array<ArrayBuffer> {
  return dumpRequest({ family, protocol, states, extensions: ssExtensions(options), bytecode });
}

/** struct inet_diag_req: family, srclen, dstlen, ext u8 0..3, id 4, states u32 52, dbs u32 56. */
const DCCPDIAG_GETSOCK = 19;

/**
 * The request of before 2012, which ss falls back on: both families in one walk. `null` for a protocol that it cannot
 * name.
 */
export function legacyRequest(
  protocol: number,
  states: number,
  options: SsOptions,
  bytecode: Uint8Array | null,
): Uint8Array<ArrayBuffer> | null {
  const type = protocol === uapi.IPPROTO_TCP
    ? uapi.TCPDIAG_GETSOCK
    : protocol === uapi.IPPROTO_DCCP
    ? DCCPDIAG_GETSOCK
    : null;
  if (type === null) return null;
  const builder = new MessageBuilder(type, NLM_F_REQUEST | NLM_F_DUMP)
    .u8(AF_INET).u8(0).u8(0).u8(ssExtensions(options))
    .zeros(uapi.SOCKID_SIZE)
    .u32(states).u32(0);
  if (bytecode) builder.attribute(uapi.INET_DIAG_REQ_BYTECODE, bytecode);
  return builder.finish();
}

/** Netids by IPPROTO_*. */
const NETIDS: Readonly<Record<number, string>> = {
  0: "raw",
  [uapi.IPPROTO_TCP]: "tcp",
  [uapi.IPPROTO_UDP]: "udp",
  [uapi.IPPROTO_DCCP]: "dccp",
  [uapi.IPPROTO_ICMPV6]: "icmp6",
  [uapi.IPPROTO_SCTP]: "sctp",
  [uapi.IPPROTO_MPTCP]: "mptcp",
};

/** Writes the rows of one table. */
export class InetPrinter implements SsPrinter {
  readonly message = new InetMessage();
  readonly #context: SsContext;
  readonly #table: InetPrinterOptions;
  readonly #subject: InetMessageSubject;
  #more: InetDetails | undefined;
  readonly #netid: string;
  #words = new Int32Array(IPV4_ROW_WORDS);
  /** True when rows begin with numbers only: no names of hosts or services. */
  readonly #numeric: boolean;
  /** True when nothing is shown behind the ports either, but for processes. */
  readonly #bare: boolean;
  /** Inode of the row before, as long as that was SCTP: its associations share it. */
  #sctpInode = 0;

  constructor(context: SsContext, table: InetPrinterOptions) {
    this.#context = context;
    this.#table = table;
    this.#subject = new InetMessageSubject(this.message, context.names);
    const { options } = context;
    this.#netid = NETIDS[table.protocol] ?? "???";
    // In other tables the kernel may name another protocol for each socket.
    this.#numeric = isNumeric(options) &&
      (table.protocol === uapi.IPPROTO_TCP || table.protocol === uapi.IPPROTO_UDP);
    // Where one version of IP was chosen and the kernel is asked for both, each row has to be looked at.
    const { preferredFamily } = context.selection;
    const asked = preferredFamily === AF_INET || preferredFamily === AF_INET6 ||
      context.selection.family(AF_INET) && context.selection.family(AF_INET6);
    this.#bare = this.#numeric && asked && isBare(options) && !table.filtered &&
      table.close === null;
  }

  row(view: DataView, start: number, end: number, source: SourceKind): void {
    const message = this.message.at(view, start, end);
    const { selection } = this.#context;
    if (source === "proc") {
      // The kernel was asked for states, the file was not.
      if ((selection.states & 1 << message.state) === 0) return;
    } else if (!selection.family(message.family)) return;
    if (!this.#context.wants(this.#subject)) return;
    if (this.#table.close !== null && !this.#table.close(message)) return;
    if (source === "proc") this.#procRow();
    else this.#netlinkRow();
  }

  /**
   * Writes messages of a dump as rows of numbers, as long as both ends are IPv4 and nothing else is shown. Returns the offset
   * of the first message of another kind.
   *
   * On a busy host `ss -tan` spends its time here. The loop calls next to nothing, and is small enough to be compiled while
   * there is still much to do.
   */
  ipv4Rows(view: DataView, start: number, end: number): number {
    if (!this.#bare) return start;
    if (this.#context.options.processes) return this.#ownedRows(view, start, end);
    const most = Math.ceil((end - start) / (NLMSG_HEADER_SIZE + uapi.INET_DIAG_MSG_SIZE));
    if (this.#words.length < most * IPV4_ROW_WORDS) {
      this.#words = new Int32Array(most * IPV4_ROW_WORDS);
    }
    const words = this.#words;
    let word = 0;
    let at = start;
    while (at < end) {
      const length = view.getUint32(at, true);
      if (length < NLMSG_HEADER_SIZE + uapi.INET_DIAG_MSG_SIZE) break;
      if (!putIpv4Row(words, word, view, at + NLMSG_HEADER_SIZE)) break;
      word += IPV4_ROW_WORDS;
      at += align(length);
    }
    const taken = word === 0 ||
      this.#context.cells.ipv4Rows(this.#netid, words, word / IPV4_ROW_WORDS);
    return taken ? at : start;
  }

  // The same for rows that name their owners, one at a time.
  #ownedRows(view: DataView, start: number, end: number): number {
    const { cells } = this.#context;
    const words = this.#words;
    let at = start;
    while (at < end) {
      const length = view.getUint32(at, true);
      const message = at + NLMSG_HEADER_SIZE;
      if (length < NLMSG_HEADER_SIZE + uapi.INET_DIAG_MSG_SIZE) break;
      if (!putIpv4Row(words, 0, view, message) || !cells.ipv4Rows(this.#netid, words, 1)) break;
      this.#context.process(view.getUint32(message + uapi.MSG_INODE, true));
      at += align(length);
    }
    return at;
  }

  /** A message of a dump in a file: only the filter counts there. */
  recordedRow(view: DataView, start: number, end: number): void {
    this.message.at(view, start, end);
    if (this.#context.wants(this.#subject)) this.#netlinkRow();
  }

  #procRow(): void {
    const { message } = this;
    const { cells, options } = this.#context;
    this.#start(this.#table.protocol, false);
    if (this.#table.protocol !== uapi.IPPROTO_TCP) return;
    if (options.options) {
      writeTimer(cells, message.timer, message.expiresMs, message.retransmits);
    }
    if (!options.extended && !options.info) return;
    const { tcpTail, writeTcpTail } = procModule();
    const tail = tcpTail(message);
    if (options.extended) {
      writeIdentity(cells, message.uid, message.inode);
      cells.hex(tail.address);
      if (tail.rest !== "") cells.text(` opt:"${tail.rest}"`);
    }
    if (options.info) writeTcpTail(cells, tail);
  }

  #netlinkRow(): void {
    const { message } = this;
    const { cells, options } = this.#context;
    const protocol = this.#protocol();
    const v6only = message.family === AF_INET6 ? message.u8Attribute(uapi.INET_DIAG_SKV6ONLY) : -1;
    const written = this.#numeric && putIpv4Row(this.#words, 0, message.view, message.start) &&
      cells.ipv4Rows(this.#netid, this.#words, 1);
    if (!written) this.#start(protocol, v6only > 0);
    else if (options.processes) this.#context.process(message.inode);
    if (options.options) {
      const write = protocol === uapi.IPPROTO_SCTP ? writeSctpTimer : writeTimer;
      write(cells, message.timer, message.expiresMs, message.retransmits);
    }
    if (options.extended) this.#details(v6only);
    if (options.tos) writeTos(cells, message);
    if (options.cgroup) this.#cgroup();
    if (options.inetSockopt) detailsModule().writeSockopt(cells, message, options.oneline);
    if (options.memory || options.info && protocol !== uapi.IPPROTO_UDP) {
      this.#more ??= new (detailsModule().InetDetails)(this.#context);
      this.#more.write(message, protocol);
    }
    this.#sctpInode = message.inode;
  }

  // Only raw sockets may be of another protocol than was asked for.
  #protocol(): number {
    const asked = this.#table.protocol;
    if (asked === uapi.IPPROTO_TCP || asked === uapi.IPPROTO_UDP) return asked;
    const told = this.message.u8Attribute(uapi.INET_DIAG_PROTOCOL);
    return told < 0 ? asked : told;
  }

  #start(protocol: number, v6only: boolean): void {
    const { message } = this;
    const { cells } = this.#context;
    const netid = NETIDS[protocol] ?? "???";
    if (
      protocol === uapi.IPPROTO_SCTP && message.inode !== 0 && message.inode === this.#sctpInode
    ) {
      // An association hangs off the socket above it.
      cells.column(COLUMN.state);
      cells.text("`- ");
      cells.text(sctpModule().sctpStateName(message.state));
      writeQueues(cells, message.receiveQueue, message.sendQueue);
    } else {
      writeStart(cells, netid, message.state, message.receiveQueue, message.sendQueue);
    }
    this.#address("source", v6only, message.interfaceIndex);
    cells.byte(0x3a);
    cells.column(COLUMN.port);
    this.#port(message.sourcePort);
    cells.column(COLUMN.peerAddress);
    this.#address("destination", v6only, 0);
    cells.byte(0x3a);
    cells.column(COLUMN.peerPort);
    this.#port(message.destinationPort);
    cells.column(COLUMN.process);
    this.#context.process(message.inode);
  }

  #address(end: "source" | "destination", v6only: boolean, interfaceIndex: number): void {
    const { message } = this;
    const { cells, options, names } = this.#context;
    const host = options.resolve ? this.#table.names.host(message, end) : null;
    if (host !== null) cells.utf8(host);
    else if (message.family === AF_INET) {
      cells.ipv4(end === "source" ? message.sourceWord(0) : message.destinationWord(0));
    } else {
      const offset = end === "source" ? uapi.MSG_SRC : uapi.MSG_DST;
      writeIpv6(cells, message.view, message.start + offset, v6only);
    }
    if (interfaceIndex !== 0) {
      cells.byte(0x25);
      cells.utf8(names.interface(interfaceIndex));
    }
  }

  #port(port: number): void {
    const { cells, options } = this.#context;
    if (port === 0) cells.byte(0x2a);
    else if (options.numeric) cells.decimal(port);
    else cells.utf8(this.#table.names.port(port));
  }

  #details(v6only: number): void {
    const { message } = this;
    const { cells } = this.#context;
    writeIdentity(cells, message.uid, message.inode);
    const high = message.cookieHigh;
    cells.hex(high === 0 ? message.cookieLow : BigInt(high) << 32n | BigInt(message.cookieLow));
    const mark = message.u32Attribute(uapi.INET_DIAG_MARK);
    if (message.has(uapi.INET_DIAG_MARK) && mark !== 0) {
      cells.text(" fwmark:0x");
      cells.hex(mark);
    }
    this.#cgroup();
    if (v6only >= 0) {
      cells.text(" v6only:");
      cells.decimal(v6only);
    }
    const shutdown = message.u8Attribute(uapi.INET_DIAG_SHUTDOWN);
    if (shutdown >= 0) {
      cells.text((shutdown & 1) !== 0 ? " -" : " <");
      cells.text((shutdown & 2) !== 0 ? "--" : "->");
    }
  }

  #cgroup(): void {
    const id = this.message.u64Attribute(uapi.INET_DIAG_CGROUP_ID);
    if (id === null || id === 0n) return;
    const { cells, names } = this.#context;
    cells.text(" cgroup:");
    cells.utf8(names.cgroup(id));
  }
}

/** True when the options ask for numbers alone up to the peer's port. */
function isNumeric(options: SsOptions): boolean {
  return options.numeric && !options.resolve;
}

/** True when the options ask for nothing behind the ports but for processes. */
function isBare(options: SsOptions): boolean {
  return !options.options && !options.extended && !options.memory && !options.info &&
    !options.tos && !options.cgroup && !options.inetSockopt;
}

/**
 * Puts the words of an IPv4 row, {@linkcode IPV4_ROW_WORDS}, at `word`. Returns false, with some of them put, for a row of another
 * kind.
 */
function putIpv4Row(words: Int32Array, word: number, view: DataView, message: number): boolean {
  let state = view.getUint8(message + uapi.MSG_STATE);
  const receiveQueue = view.getInt32(message + uapi.MSG_RQUEUE, true);
  const sendQueue = view.getInt32(message + uapi.MSG_WQUEUE, true);
  if (state >= IPV4_ROW_STATES || (receiveQueue | sendQueue) < 0) return false;
  if (view.getInt32(message + uapi.MSG_IF, true) !== 0) return false;
  let source = message + uapi.MSG_SRC;
  let destination = message + uapi.MSG_DST;
  if (view.getUint8(message + uapi.MSG_FAMILY) !== AF_INET) {
    // Most of what a dual-stack server sees: ::ffff:0:0/96.
    if (
      (view.getInt32(source, true) | view.getInt32(source + 4, true) |
          view.getInt32(destination, true) | view.getInt32(destination + 4, true)) !== 0 ||
      view.getInt32(source + 8, false) !== 0xffff ||
      view.getInt32(destination + 8, false) !== 0xffff
    ) return false;
    source += 12;
    destination += 12;
    state |= IPV4_ROW_MAPPED;
  }
  words[word] = state;
  words[word + 1] = receiveQueue;
  words[word + 2] = sendQueue;
  words[word + 3] = view.getInt32(source, false);
  words[word + 4] = view.getInt32(destination, false);
  // The peer's port comes right behind.
  words[word + 5] = view.getInt32(message + uapi.MSG_SPORT, false);
  return true;
}

function writeIdentity(cells: SsTable, uid: number, inode: number): void {
  if (uid !== 0) {
    cells.text(" uid:");
    cells.decimal(uid);
  }
  cells.text(" ino:");
  cells.decimal(inode);
  cells.text(" sk:");
}

function writeTos(cells: SsTable, message: InetMessage): void {
  writeHexadecimal(cells, " tos:", message.u8Attribute(uapi.INET_DIAG_TOS));
  writeHexadecimal(cells, " tclass:", message.u8Attribute(uapi.INET_DIAG_TCLASS));
  writeHexadecimal(cells, " class_id:", message.u32Attribute(uapi.INET_DIAG_CLASS_ID));
}

// `%#x`: a zero has no prefix.
function writeHexadecimal(cells: SsTable, label: string, value: number): void {
  if (value < 0) return;
  cells.text(label);
  if (value !== 0) cells.text("0x");
  cells.hex(value);
}
