/**
 * Query: the question, as plain data. The command line is turned into a query, and everything after works from it.
 *
 * @module
 */
import type { Expr } from "./filter/ast.ts";
import type { FamilyName, Transport } from "./model/socket.ts";
import type { PortRange } from "./model/port_range.ts";
import type { StateMask } from "./model/state.ts";

/** Every network namespace that can be found, or one: its name, process ID, path or inode, as typed. */
export type NetnsChoice = "all" | { readonly one: string };

/** The network namespace that was asked for does not exist, or several have its name. The message says which. */
export class NoSuchNamespace extends Error {
  override readonly name = "NoSuchNamespace";
}

/** There is no such process, unit or container on the host. */
export class NoSuchName extends Error {
  override readonly name = "NoSuchName";
}

/** There is no such user on the host. */
export class NoSuchUser extends Error {
  override readonly name = "NoSuchUser";
}

/** The ways to look for owners. */
export const OWNER_SOURCES = ["auto", "bpf", "proc"] as const;
/**
 * One of {@linkcode OWNER_SOURCES}. `auto` is BPF where it is allowed and there are enough descriptors to be worth it. If BPF
 * cannot be used, `proc` is.
 */
export type OwnerSource = typeof OWNER_SOURCES[number];

/** A question about sockets. `null` means "not restricted". */
export interface Query {
  readonly families: ReadonlySet<FamilyName>;
  /** Restricts the internet families only; other families are read with all their transports. */
  readonly transports: ReadonlySet<Transport>;
  /** `null`: services, which are listening stream sockets and other sockets that are not connected. */
  readonly states: StateMask | null;
  /** Local ports. Sockets of families without ports never match. */
  readonly ports: readonly PortRange[] | null;
  /** Absent: the network namespace that this program runs in. */
  readonly netns?: NetnsChoice;
  /** Absent: `auto`. */
  readonly owners?: OwnerSource;
  /** Process IDs of owners. */
  readonly pids: readonly number[] | null;
  /** Names of owners: comm, or the file name of the program. */
  readonly processes: readonly string[] | null;
  /** Users of owners, by name or number. */
  readonly users: readonly string[] | null;
  /** True to ask for all details that protocols report. It costs time, so it is set only when they are shown. */
  readonly info?: boolean;
  /** True to ask UDP sockets for their receive buffers, and how many datagrams they dropped. */
  readonly receiveBuffers?: boolean;
  /** True to keep the control groups of sockets, which tell something of those whose owners are hidden. */
  readonly cgroups?: boolean;
  /** A filter in Sockeye's own language. Absent: every socket. */
  readonly filter?: Expr | null;
}

/** True if the answer depends on the owners of sockets. */
export function filtersByOwner(query: Query): boolean {
  return query.pids !== null || query.processes !== null || query.users !== null;
}
