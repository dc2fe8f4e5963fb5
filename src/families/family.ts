/**
 * Family: what the rest of the program knows of a socket family.
 *
 * Sockets come in one form, the kernel's message. A family with a table in /proc turns its lines into such messages, so
 * that there is one decoder for both.
 *
 * @module
 */
import type { Core } from "../core/gears.ts";
import type { Bytes } from "../model/owner.ts";
import type { Endpoint, Netns, Socket, SocketInfo, Transport } from "../model/socket.ts";
import type { State } from "../model/state.ts";
import type { RowFacts } from "../filter/socket_subject.ts";
import type { FilterSubject, LocalPortRange } from "../filter/subject.ts";
import type { Query } from "../query.ts";
import type { ByteWriter } from "../text/byte_writer.ts";
import type { SocketTable } from "../store/socket_table.ts";

/** Where messages come from. A field that only one source has is `null` from the other. */
export type SourceKind = "netlink" | "proc";

/** The query's filter, as far as a row can be judged before a Socket is made of it. */
export interface RowFilter {
  /** That of the namespace that the rows come from. */
  readonly localPortRange: LocalPortRange;
  /** False if the filter rejects the row, whatever its owners and its reach will be. */
  wants(subject: FilterSubject): boolean;
  /** True if the rest of the filter needs facts that a Socket does not have. */
  readonly keepsFacts: boolean;
  /** Keeps these facts of a socket for the rest of the filter. */
  keep(socket: Socket, facts: RowFacts): void;
}

/** What decoding needs beside the bytes. */
export interface DecodeContext {
  readonly source: SourceKind;
  readonly netns: Netns | null;
  /** Port ID of the netlink socket that we ask through, which is left out of the answer. */
  readonly ownPortId?: number | null;
  /** Release of the kernel that was asked: `6.18.2`. `null` or absent where it is not known. */
  readonly kernel?: string | null;
  /** Absent without a filter. Used by families that declare {@linkcode Family.filtersRows}. */
  readonly filter?: RowFilter;
  /** The core whose arena may keep the sockets of very large tables. Absent: each table has memory of its own. */
  readonly core?: () => Core;
  /** Name of an interface in this namespace; `null` for index 0. */
  interfaceName(index: number): string | null;
}

/** A table under /proc/net, which is read if netlink does not answer. */
export interface ProcTable {
  /** Path below the net directory: `tcp6`. */
  readonly file: string;
  /** Turns each line into a message of the family. Throws DecodeError for a line that is not of a socket. */
  parse(text: Uint8Array, emit: (view: DataView, start: number, end: number) => void): void;
  /** A second file that belongs to the same table. */
  readonly next?: ProcTable;
}

/**
 * One dump that answers several requests, whose sockets are kept in one table: that of the first. For each request the kernel walks
 * tables from end to end, however little it answers, and the tables of TCP may be those of all network namespaces.
 */
export interface SharedDump {
  /** A whole netlink request. */
  readonly message: Uint8Array;
  /** What it answers. */
  readonly requests: readonly DiagRequest[];
}

/** One table to read. */
export interface DiagRequest {
  /** What is asked for, for messages: `tcp over IPv4`. */
  readonly label: string;
  /** A whole netlink request; `null` if no kernel has a diag handler for this. */
  readonly message: Uint8Array | null;
  /** The same request without a filter program, for kernels that refuse the one in {@linkcode message}. */
  readonly unfiltered?: Uint8Array | null;
  /** A dump that answers this request and others. If it fails, each is made by itself. */
  readonly shared?: SharedDump | undefined;
  readonly table: ProcTable | null;
  /**
   * Names a socket by its message, from either source. Present: the kernel's dump is known to lose sockets, so the table in
   * /proc is read as well, and those that the dump has not told are added.
   */
  identity?(view: DataView, start: number): string;
  /**
   * Its name in /proc/net/protocols. If neither netlink nor /proc has a table, this file tells whether the kernel has such
   * sockets at all.
   */
  readonly protocol?: string;
  /**
   * Counters of /proc/net/sockstat and sockstat6. If all of them are 0, the table is empty and is not read: `TCP6 inuse`.
   * Without counters it is always read.
   */
  readonly counters?: readonly string[];
  /** True if the kernel may send a socket twice, with the same cookie. */
  readonly repeats?: boolean;
  /** Makes a Socket of a message; `null` if the query does not ask for it. Throws DecodeError. */
  decode(view: DataView, start: number, end: number, context: DecodeContext): Socket | null;
  /** Makes the store for the sockets of a table that may be long. Absent: the objects that `decode` makes are kept. */
  sockets?(context: DecodeContext): SocketTable;
  /** A netlink request that closes the socket of a message; `null` if it might close another one. */
  destroy?(view: DataView, start: number, end: number): Uint8Array | null;
  /** The attributes of a message, by name. Throws DecodeError. */
  info?(view: DataView, start: number, end: number): SocketInfo;
}

/**
 * What shared code can ask of an endpoint of any family. The endpoints of a socket have the form of its family.
 */
export interface EndpointTraits {
  /** For people, not sanitised yet. Bytes if a process chose them. May be empty. */
  text(endpoint: Endpoint): string | Bytes;
  /** Writes what {@linkcode text} returns. For families with very many sockets. */
  write?(endpoint: Endpoint, out: ByteWriter): void;
  /** For JSON: keys in snake case; bytes stay bytes. */
  json(endpoint: Endpoint): Readonly<Record<string, JsonValue>>;
  /** What a listing is sorted by first: the port; 0 in families without ports. */
  rank(endpoint: Endpoint): number;
  /**
   * What sockets of one rank that are not connected by cookie are sorted by before {@linkcode compare}, which must agree:
   * a number below 2^32, and 0 where `compare` decides. Absent where that is always so. Sorting by number is much faster.
   */
  number?(local: Endpoint): number;
  /** Compares two endpoints, for sort. */
  compare(a: Endpoint, b: Endpoint): number;
  /**
   * True for text of the form that {@linkcode text} gives, so that it can be typed back. Absent in families whose endpoints
   * targets and filters have forms of their own for.
   */
  prints?(text: string): boolean;
}

/** A value of {@linkcode EndpointTraits.json}. */
type JsonValue = null | boolean | number | string | Bytes | readonly number[];

/** What tells whether a socket is a service: a decoded socket has it, and one from a file of JSON. */
export interface ServiceFacts {
  readonly state: State;
  readonly transport: Transport;
  readonly local: object;
  /** `null` where it is not connected. */
  readonly peer: object | null;
}

/** A socket family. */
export interface Family {
  /** Name of its file or folder. */
  readonly name: string;
  /** What a socket is, in one word: `tcp6`, `unix-stream`. */
  label(socket: Pick<Socket, "family" | "transport" | "type">): string;
  readonly endpoint: EndpointTraits;
  /**
   * True if `decode` asks the filter about every row. In other families the filter is asked when all is known of a
   * socket.
   */
  readonly filtersRows?: boolean;
  /** The tables that answer a query. Reads nothing yet. */
  requests(query: Query): DiagRequest[];
  /**
   * True if a decoded socket is part of the answer. The others are only kept until the peers are known. Absent: all sockets
   * are part of it.
   */
  shows?(socket: Socket, query: Query): boolean;
  /** True for a service: a socket that others can connect or send to. Its state means this or that by the family. */
  serves(socket: ServiceFacts): boolean;
  /** True for a name that the kernel made up, by which a socket is not recognised later. Absent: there are none. */
  namedByKernel?(socket: ServiceFacts): boolean;
  /** What a socket in this state is there for, as the end of a sentence; `null` if nothing is to be said. */
  meaning(socket: ServiceFacts): string | null;
  /** What happens to further connections while the accept queue is full. Absent: the family has no such queue. */
  readonly fullQueue?: string;
}
