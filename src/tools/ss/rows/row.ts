/**
 * The contract between the families and ss mode: a family writes the cells of a row, straight from the kernel's message,
 * and knows nothing of widths.
 *
 * A row is written in this order, whatever of it will be shown: a hidden column swallows what it is given.
 *
 * ```ts
 * writeStart(cells, "u_str", state, receiveQueue, sendQueue); // ends in COLUMN.address
 * cells.ascii(name);
 * cells.column(COLUMN.port);
 * cells.decimal(inode);
 * cells.column(COLUMN.peerAddress);
 * …
 * cells.column(COLUMN.peerPort);
 * …
 * context.process(inode); // fills COLUMN.process, ends in COLUMN.extras
 * cells.ascii(" <->");
 * ```
 *
 * @module
 */
import { ssStateName, type StateMask } from "../../../model/state.ts";
import type { AsciiText } from "../../../text/ascii_text.ts";
import type { ProcTable, SourceKind } from "../../../families/family.ts";

/** Columns of ss, in its order. Local and peer address each have two, so that their colons stand under each other. */
export const COLUMN = {
  netid: 0,
  state: 1,
  receiveQueue: 2,
  sendQueue: 3,
  /** Local address, with its delimiter at the end: `127.0.0.1:`, `* `. */
  address: 4,
  /** Local port, or what stands for it. */
  port: 5,
  /** As {@linkcode COLUMN.address}. */
  peerAddress: 6,
  peerPort: 7,
  /** `users:(…)`: filled by {@linkcode SsContext.process}. */
  process: 8,
  /** Everything else; each item begins with a blank. */
  extras: 9,
} as const;

/** One of {@linkcode COLUMN}. */
export type Column = typeof COLUMN[keyof typeof COLUMN];

/** Where cells are written to: bytes, no object per cell. */
export interface SsCells {
  /**
   * Ends the current cell and goes on to `column`; cells between the two stay empty. Going to the current column does
   * nothing, going to an earlier one begins a row.
   */
  column(column: Column): void;
  /** One byte. */
  byte(byte: number): void;
  /** Text of bytes 0 to 255, one a character. */
  ascii(text: string): void;
  /** Any text, as UTF-8. */
  utf8(text: string): void;
  /** Bytes that a stranger chose, such as a path: as they are, but made harmless when they go to a terminal. */
  bytes(bytes: Uint8Array, start?: number, end?: number): void;
  /** Text that was made elsewhere. */
  text(text: AsciiText): void;
  /** An integer in decimal, negative ones with their sign. */
  decimal(value: number | bigint): void;
  /** An IPv4 address in dotted form, from a big-endian word. */
  ipv4(word: number): void;
  /** A non-negative integer in lower-case hexadecimal, without `0x`. */
  hex(value: number | bigint): void;
  /**
   * Whole rows of numbers in one go, as most rows of a busy host are: what {@linkcode writeStart} and two addresses with colon
   * and port would make of each. `words` holds {@linkcode PLAIN_WORDS} words a row. Ends in {@linkcode COLUMN.process} of the
   * last where that is shown, else in {@linkcode COLUMN.extras}.
   *
   * Returns false, having done nothing, where rows have to be written in cells.
   */
  plainRows(netid: string, words: Int32Array, count: number): boolean;
}

/**
 * A row as {@linkcode SsCells.plainRows} takes it: state, both queues, both addresses as big-endian words, local port << 16 |
 * peer's port. A port of 0 is printed as `*`.
 */
export const PLAIN_WORDS = 6;
/** Added to the state: both addresses are shown as IPv4 addresses in IPv6. */
export const PLAIN_MAPPED = 1 << 8;
/** States of plain rows are below, and their queues not negative. */
export const PLAIN_STATES = 16;

/** What the options asked for. The names are those of the long options. */
export interface SsOptions {
  /** `-n`: numbers instead of service, protocol and process names. */
  readonly numeric: boolean;
  /** `-r`: host names instead of addresses. */
  readonly resolve: boolean;
  /** `-o`, and implied by `-e` and `-b`: timers. */
  readonly options: boolean;
  /** `-e`: uid, inode, cookie. */
  readonly extended: boolean;
  /** `-m`: socket memory. */
  readonly memory: boolean;
  /** `-p`. */
  readonly processes: boolean;
  /** `-T`. */
  readonly threads: boolean;
  /** `-i`: what the protocol tells of itself. */
  readonly info: boolean;
  /** `-b`: filter programs of packet sockets. */
  readonly bpf: boolean;
  readonly tos: boolean;
  readonly cgroup: boolean;
  readonly tipcinfo: boolean;
  readonly inetSockopt: boolean;
  /** `-O`: blanks instead of line breaks within a row. */
  readonly oneline: boolean;
  /** `-Z`: security contexts of processes. */
  readonly context: boolean;
  /** `-z`: security contexts of sockets. */
  readonly contexts: boolean;
}

/** What they are where none was given. */
export const NO_OPTIONS: SsOptions = {
  numeric: false,
  resolve: false,
  options: false,
  extended: false,
  memory: false,
  processes: false,
  threads: false,
  info: false,
  bpf: false,
  tos: false,
  cgroup: false,
  tipcinfo: false,
  inetSockopt: false,
  oneline: false,
  context: false,
  contexts: false,
};

/** Tables that can be chosen, by the names that `-A` knows; the bit of each in {@linkcode SsSelection.tables}. */
export const TABLE = {
  tcp: 1 << 0,
  dccp: 1 << 1,
  udp: 1 << 2,
  raw: 1 << 3,
  unix_dgram: 1 << 4,
  unix_stream: 1 << 5,
  unix_seqpacket: 1 << 6,
  packet_dgram: 1 << 7,
  packet_raw: 1 << 8,
  netlink: 1 << 9,
  sctp: 1 << 10,
  vsock_stream: 1 << 11,
  vsock_dgram: 1 << 12,
  tipc: 1 << 13,
  xdp: 1 << 14,
  mptcp: 1 << 15,
} as const;

/** Which sockets are to be shown, filter aside. */
export interface SsSelection {
  /** Bits of {@linkcode TABLE}. */
  readonly tables: number;
  /** States: bit `1 << number` each, bit 0 included as ss has it. */
  readonly states: StateMask;
  /** True when sockets of this address family are wanted. */
  family(family: number): boolean;
  /** The family that was named last, AF_UNSPEC (0) for none. */
  readonly preferredFamily: number;
}

/**
 * A socket as the ss dialect of the filter sees it. Meanings, and what stands for ports and addresses in families
 * without them: `FilterSubject` in filter/subject.ts, of which this is the part that the dialect can ask for.
 */
export interface SsSubject {
  /** AF_INET and so on. */
  readonly family: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  sourceWord(index: 0 | 1 | 2 | 3): number;
  destinationWord(index: 0 | 1 | 2 | 3): number;
  /** Interface the socket is bound to, 0 for none. */
  readonly ifindex: number;
  readonly mark: number | null;
  readonly cgroupId: bigint | null;
  /** Name of a unix socket as it is printed; `null` elsewhere and when unnamed. */
  readonly sourceName: string | null;
  readonly destinationName: string | null;
  /** Of the socket's own namespace: {@linkcode SsNames.localPortRange}. */
  readonly localPortRange: { readonly first: number; readonly last: number };
}

/** Names for numbers, looked up once each. */
export interface SsNames {
  /** Name of an interface, `ifN` where it has none; index 0 is not asked for. */
  interface(index: number): string;
  /** Name of a process, from its stat file, cut as ss cuts it; `null` where there is none. */
  processName(pid: number): Uint8Array | null;
  /** Path of a cgroup by its id, `unreachable:HEX` where it cannot be found. */
  cgroup(id: bigint): string;
  readonly localPortRange: { readonly first: number; readonly last: number };
}

/** What a family's rows are made with. One for the whole run. */
export interface SsContext {
  readonly options: SsOptions;
  readonly selection: SsSelection;
  readonly cells: SsCells;
  readonly names: SsNames;
  /** True when the filter accepts the socket; always true without a filter. */
  wants(subject: SsSubject): boolean;
  /** Fills the process column with the holders of an inode (0 for none), and goes on to {@linkcode COLUMN.extras}. */
  process(inode: number): void;
}

/** Turns the messages of one table into rows. */
export interface SsPrinter {
  /**
   * One message, from the kernel or made of a line of /proc. It is checked against the selection as far as the kernel did
   * not, then against the filter, then written. Throws DecodeError.
   */
  row(view: DataView, start: number, end: number, source: SourceKind): void;
  /** The table has ended: for families that have to see all of it first. */
  finish?(): void;
}

/** A family in ss mode: what its module `ss.ts` exports as `ss`. */
export interface SsFamily {
  /** The dump request; `null` where netlink is not to be asked. ss sends these bytes. */
  request(context: SsContext): Uint8Array | null;
  /** The table that serves when netlink does not; `null` where the kernel has none. */
  readonly table: ProcTable | null;
  printer(context: SsContext): SsPrinter;
}

/** Begins a row: kind, state and queues. Ends in {@linkcode COLUMN.address}. */
export function writeStart(
  cells: SsCells,
  netid: string,
  state: number,
  receiveQueue: number,
  sendQueue: number,
): void {
  cells.column(COLUMN.netid);
  cells.ascii(netid);
  cells.column(COLUMN.state);
  cells.ascii(ssStateName(state));
  writeQueues(cells, receiveQueue, sendQueue);
}

/** Fills the queues, for rows that begin in their own way. Ends in {@linkcode COLUMN.address}. */
export function writeQueues(cells: SsCells, receiveQueue: number, sendQueue: number): void {
  cells.column(COLUMN.receiveQueue);
  writeQueue(cells, receiveQueue);
  cells.column(COLUMN.sendQueue);
  writeQueue(cells, sendQueue);
  cells.column(COLUMN.address);
}

// A queue is printed as a signed 32-bit number of at least six characters.
function writeQueue(cells: SsCells, value: number): void {
  if (value === 0) {
    cells.ascii("0     ");
    return;
  }
  const queue = value | 0;
  cells.decimal(queue);
  let width = queue < 0 ? 2 : 1;
  for (let rest = Math.abs(queue); rest >= 10; rest = Math.trunc(rest / 10)) width++;
  for (; width < 6; width++) cells.byte(0x20);
}
