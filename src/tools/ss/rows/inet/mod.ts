/**
 * Internet sockets in ss mode: requests as ss makes them, and rows.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../../../ffi/socket.ts";
import { TCPDIAG_GETSOCK } from "../../../../netlink/message_types.ts";
import type { SourceKind } from "../../../../families/family.ts";
import { COLUMN } from "../../layout/columns.ts";
import type { CoreRows, SsTable } from "../../layout/table.ts";
import type { SsContext } from "../../context.ts";
import type { SsOptions } from "../../options.ts";
import type { SsPrinter } from "../printer.ts";
import { writeQueues, writeStart } from "../row.ts";
import { InetMessage } from "../../../../families/inet/message.ts";
import { bothVersionsRequest, dumpRequest } from "../../../../families/inet/request.ts";
import { InetMessageSubject } from "../../../../families/inet/subject.ts";
import { writeIpv6 } from "./address.ts";
import type { InetDetails } from "./details.ts";
import { writeSctpTimer, writeTimer } from "./timer.ts";
import * as uapi from "../../../../families/inet/uapi.ts";
import * as core from "../../../../core/ss_row.ts";

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

/** Source: include/uapi/linux/inet_diag.h. */
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
    ? TCPDIAG_GETSOCK
    : protocol === uapi.IPPROTO_DCCP
    ? DCCPDIAG_GETSOCK
    : null;
  if (type === null) return null;
  return bothVersionsRequest(type, { states, extensions: ssExtensions(options), bytecode });
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
  /** True when rows begin with numbers only: no names of hosts or services. */
  readonly #numeric: boolean;
  /** True when the core can write whole rows: no names behind the ports either, and every row is wanted that the kernel sends. */
  readonly #plain: boolean;
  readonly #coreRows: CoreRows;
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
    this.#plain = this.#numeric && asked && isPlain(options) && !table.filtered &&
      table.close === null;
    this.#coreRows = {
      netid: this.#netid,
      options: coreOptions(options, this.#hasDetails(table.protocol)),
    };
  }

  /** True when the core writes all rows but odd ones. */
  get isPlain(): boolean {
    return this.#plain;
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
   * Writes messages of a dump as rows, in the core, as long as they need no names. Returns the offset of the first message of
   * another kind.
   */
  rows(view: DataView, start: number, end: number): number {
    if (!this.#plain) return start;
    const { cells } = this.#context;
    for (let at = start;;) {
      at = cells.messages(this.#coreRows, view, at, end);
      const inode = cells.awaitsOwnersOf;
      if (inode < 0) return at;
      this.#context.process(inode);
      cells.finishRow();
    }
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
    if (
      this.#numeric && cells.startRow(this.#coreRows, message.view, message.start, message.end)
    ) this.#context.process(message.inode);
    else this.#start(protocol, v6only > 0);
    if (options.options) {
      const write = protocol === uapi.IPPROTO_SCTP ? writeSctpTimer : writeTimer;
      write(cells, message.timer, message.expiresMs, message.retransmits);
    }
    if (options.extended) this.#details(v6only);
    if (options.tos) writeTos(cells, message);
    if (options.cgroup) this.#cgroup();
    if (options.inetSockopt) detailsModule().writeSockopt(cells, message, options.oneline);
    if (this.#hasDetails(protocol)) {
      this.#more ??= new (detailsModule().InetDetails)(this.#context, this.#coreRows);
      this.#more.write(message, protocol);
    }
    this.#sctpInode = message.inode;
  }

  #hasDetails(protocol: number): boolean {
    const { memory, info } = this.#context.options;
    return memory || info && protocol !== uapi.IPPROTO_UDP;
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

/** True when the core can write all that the options ask for, but for the processes. */
function isPlain(options: SsOptions): boolean {
  return !options.extended && !options.tos && !options.cgroup && !options.inetSockopt;
}

function coreOptions(options: SsOptions, hasDetails: boolean): number {
  return (options.options ? core.OPTION_TIMER : 0) |
    (hasDetails ? core.OPTION_DETAILS : 0) |
    (options.oneline ? core.OPTION_ONELINE : 0) |
    (options.numeric ? core.OPTION_NUMERIC : 0) |
    (options.processes ? core.OPTION_OWNERS : 0) |
    (options.threads ? core.OPTION_THREADS : 0);
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
