/**
 * Family: what a socket family tells the rest of the program about itself.
 *
 * The kernel's message is the one form in which sockets enter: a family that also has a table in /proc turns its lines
 * into that message, so that everything behind has one input.
 *
 * @module
 */
import type { Socket } from "../model/socket.ts";
import type { Netns } from "../model/socket.ts";
import type { Query } from "../query.ts";

/** Where messages came from: a field that only one source has is `null` from the other. */
export type SourceKind = "netlink" | "proc";

/** What decoding needs to know beside the bytes. */
export interface DecodeContext {
  readonly source: SourceKind;
  readonly netns: Netns | null;
  /** Name of an interface in this namespace; `null` for index 0. */
  interfaceName(index: number): string | null;
}

/** A table under /proc/net that serves where netlink does not. */
export interface ProcTable {
  /** Path below the net directory: `tcp6`. */
  readonly file: string;
  /** Turns each line into a message of the family. Throws DecodeError on a line that is not one. */
  parse(text: Uint8Array, emit: (view: DataView, start: number, end: number) => void): void;
}

/** One table to read. */
export interface DiagRequest {
  /** What is asked for, in words: `tcp over IPv4`. */
  readonly label: string;
  /** A whole netlink request; `null` where the kernel has no diag handler for this. */
  readonly message: Uint8Array | null;
  readonly table: ProcTable | null;
  /**
   * Counters of /proc/net/sockstat and sockstat6 that are all 0 where this table is empty: `TCP6 inuse`. Without them it is
   * always read.
   */
  readonly counters?: readonly string[];
  /** Makes a Socket of a message; `null` when the query does not want it. Throws DecodeError. */
  decode(view: DataView, start: number, end: number, context: DecodeContext): Socket | null;
}

/** A socket family. */
export interface Family {
  /** Folder name and JSON value. */
  readonly name: string;
  /** The tables that answer a query: bytes only, nothing is read. */
  requests(query: Query): DiagRequest[];
}
