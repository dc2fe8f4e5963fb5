/**
 * Family: what a socket family tells the rest of the program about itself.
 *
 * The kernel's message is the one form in which sockets enter: a family that also has a table in /proc turns its lines
 * into that message, so that everything behind has one input.
 *
 * @module
 */
import type { Bytes } from "../model/owner.ts";
import type { Endpoint, Netns, Socket, SocketInfo } from "../model/socket.ts";
import type { RowFacts } from "../filter/socket_subject.ts";
import type { FilterSubject, LocalPortRange } from "../filter/subject.ts";
import type { PortRange, Query } from "../query.ts";
import type { SocketTable } from "../store/socket_table.ts";

/** Where messages came from: a field that only one source has is `null` from the other. */
export type SourceKind = "netlink" | "proc";

/** The part of the query's filter that a row answers by itself, asked before a Socket is made of it. */
export interface RowFilter {
  /** Of the namespace that the rows come from. */
  readonly localPortRange: LocalPortRange;
  /** False when the whole filter cannot accept the row, whatever will be found out later. */
  wants(subject: FilterSubject): boolean;
  /** True when the rest of the filter will ask for what a Socket does not carry. */
  readonly keepsFacts: boolean;
  /** Keeps these facts for it. */
  keep(socket: Socket, facts: RowFacts): void;
}

/** What decoding needs to know beside the bytes. */
export interface DecodeContext {
  readonly source: SourceKind;
  readonly netns: Netns | null;
  /** Port ID of the netlink socket that asks: it is not a part of the answer. */
  readonly ownPortId?: number | null;
  /** Absent without a filter; for families that declare {@linkcode Family.filtersRows}. */
  readonly filter?: RowFilter;
  /** Name of an interface in this namespace; `null` for index 0. */
  interfaceName(index: number): string | null;
}

/** A table under /proc/net that serves where netlink does not. */
export interface ProcTable {
  /** Path below the net directory: `tcp6`. */
  readonly file: string;
  /** Turns each line into a message of the family. Throws DecodeError on a line that is not one. */
  parse(text: Uint8Array, emit: (view: DataView, start: number, end: number) => void): void;
  /** A second file that belongs to the same table. */
  readonly next?: ProcTable;
}

/** One table to read. */
export interface DiagRequest {
  /** What is asked for, in words: `tcp over IPv4`. */
  readonly label: string;
  /** A whole netlink request; `null` where the kernel has no diag handler for this. */
  readonly message: Uint8Array | null;
  /** The same request without a filter program, for a kernel that refuses the one in {@linkcode message}. */
  readonly unfiltered?: Uint8Array | null;
  readonly table: ProcTable | null;
  /**
   * Its name in /proc/net/protocols. Where neither netlink nor /proc has a table, that file tells a kernel without such
   * sockets from one that keeps quiet about them.
   */
  readonly protocol?: string;
  /**
   * Counters of /proc/net/sockstat and sockstat6 that are all 0 where this table is empty: `TCP6 inuse`. Without them it is
   * always read.
   */
  readonly counters?: readonly string[];
  /** True where the kernel may send one socket twice; it is known by its cookie then. */
  readonly repeats?: boolean;
  /** Makes a Socket of a message; `null` when the query does not want it. Throws DecodeError. */
  decode(view: DataView, start: number, end: number, context: DecodeContext): Socket | null;
  /** Of tables that may be long: where their sockets are kept. Absent: as the objects that `decode` makes. */
  sockets?(context: DecodeContext): SocketTable;
  /** A netlink request that closes the socket of a message; `null` where it cannot be named for certain. */
  destroy?(view: DataView, start: number, end: number): Uint8Array | null;
  /** Everything else that a message tells: its attributes, by name. Throws DecodeError. */
  info?(view: DataView, start: number, end: number): SocketInfo;
}

/**
 * What all families can say of an endpoint. Each gives functions over its own form: a socket's endpoints have the form of
 * its family.
 */
export interface EndpointTraits {
  /** For a person, not yet made harmless; bytes where it was not the kernel that chose them. Empty for "nothing to tell". */
  text(endpoint: Endpoint): string | Bytes;
  /** The same as {@linkcode text}, written out, in families of very many sockets. */
  write?(endpoint: Endpoint, out: TextSink): void;
  /** For JSON: keys in snake case; bytes stay bytes. */
  json(endpoint: Endpoint): Readonly<Record<string, JsonValue>>;
  /** What a listing is sorted by before the family and everything else: the port; 0 in families without. */
  rank(endpoint: Endpoint): number;
  /** For sort. */
  compare(a: Endpoint, b: Endpoint): number;
}

/** Takes text piece by piece, so that no string need be made of a number. */
export interface TextSink {
  /** One byte of ASCII. */
  byte(byte: number): void;
  /** ASCII. */
  text(text: string): void;
  /** A non-negative integer. */
  decimal(value: number): void;
  /** An IPv4 address, from a big-endian word. */
  ipv4(word: number): void;
}

/** A value of {@linkcode EndpointTraits.json}. */
export type JsonValue = null | boolean | number | string | Bytes | readonly number[];

/** A socket family. */
export interface Family {
  /** Folder name. */
  readonly name: string;
  /** What a socket is, in one word: `tcp6`, `unix-stream`. */
  label(socket: Socket): string;
  readonly endpoint: EndpointTraits;
  /**
   * True when `decode` asks the filter of its context about every row. Sockets of other families are asked when all is
   * known of them.
   */
  readonly filtersRows?: boolean;
  /** The tables that answer a query: bytes only, nothing is read. */
  requests(query: Query): DiagRequest[];
  /**
   * True when a decoded socket belongs into the answer. The others are only there to be found as the other end of one that
   * does, and leave when owners are known. Without this method all do.
   */
  shows?(socket: Socket, query: Query): boolean;
}

/** True when a port lies in one of the ranges. */
export function hasPort(ports: readonly PortRange[], port: number): boolean {
  return ports.some(({ first, last }) => port >= first && port <= last);
}
