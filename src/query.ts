/**
 * Query: what was asked, as plain data. The command line becomes one, and everything after works from it.
 *
 * @module
 */
import type { Expr } from "./filter/ast.ts";
import type { FamilyName, Transport } from "./model/socket.ts";
import type { StateMask } from "./model/state.ts";

/** An inclusive range of ports; one port is a range of itself. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Every network namespace that can be found, or one: by name, process ID, path or inode, as it was typed. */
export type NetnsChoice = "all" | { readonly one: string };

/** A network namespace that was asked for does not exist, or there are several: what was given, and what is wanted. */
export class NoSuchNamespace extends Error {
  override readonly name = "NoSuchNamespace";
}

/** Nobody on the host that is looked at is called so. */
export class NoSuchUser extends Error {
  override readonly name = "NoSuchUser";
}

/** How owners may be looked for. */
export const OWNER_SOURCES = ["auto", "bpf", "proc"] as const;
/**
 * One of {@linkcode OWNER_SOURCES}. `auto`: BPF where it is allowed and there is enough to look through. What cannot be used
 * falls back to `proc`.
 */
export type OwnerSource = typeof OWNER_SOURCES[number];

/** What was asked. `null` means "not restricted". */
export interface Query {
  readonly families: ReadonlySet<FamilyName>;
  /** Of the internet families; the others are asked for whole. */
  readonly transports: ReadonlySet<Transport>;
  /** `null`: what can be talked to, which is LISTEN for stream sockets and unconnected for the rest. */
  readonly states: StateMask | null;
  /** Local ports. Families without ports have no socket that fits. */
  readonly ports: readonly PortRange[] | null;
  /** Network namespaces. Absent: the one that this program runs in. */
  readonly netns?: NetnsChoice;
  /** How owners are looked for. Absent: `auto`. */
  readonly owners?: OwnerSource;
  /** Owners' process IDs. */
  readonly pids: readonly number[] | null;
  /** Owners' names: comm, or the file name of the program. */
  readonly processes: readonly string[] | null;
  /** Owners' users, by name or number. */
  readonly users: readonly string[] | null;
  /** True to ask for everything that protocols tell of their sockets. It costs, so only when it is shown. */
  readonly info?: boolean;
  /** In the sockeye dialect. Absent: every socket. */
  readonly filter?: Expr | null;
}

/** True when the answer depends on who holds a socket. */
export function filtersByOwner(query: Query): boolean {
  return query.pids !== null || query.processes !== null || query.users !== null;
}
