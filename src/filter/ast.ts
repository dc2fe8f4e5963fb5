/**
 * The tree that both filter dialects parse to. Names are already resolved in it: it has port numbers instead of
 * service names and addresses instead of host names, so that a row can be judged without looking anything up.
 *
 * @module
 */
import type { FamilyName, FileIdentity, Scope, Transport } from "../model/socket.ts";
import type { MeasureName } from "../model/measure.ts";
import type { StateMask } from "../model/state.ts";
import type { Ranges } from "./ranges.ts";

/** Which language an expression was written in. `ss` keeps the quirks of iproute2, `sockeye` has none. */
export type Dialect = "ss" | "sockeye";

/** An expression: true or false of a socket. */
export type Expr = All | Any | Not | Condition;

/** True if every term is. Without terms it is always true. */
interface All {
  readonly kind: "all";
  readonly terms: readonly Expr[];
}

/** True if any term is. Without terms it is never true. */
interface Any {
  readonly kind: "any";
  readonly terms: readonly Expr[];
}

/** True if the term is false. */
interface Not {
  readonly kind: "not";
  readonly term: Expr;
}

/** A leaf: one question about one socket. */
export type Condition =
  | HostCondition
  | PortOrderCondition
  | UnixNameCondition
  | DeviceCondition
  | MarkCondition
  | CgroupCondition
  | AutoboundCondition
  | PidCondition
  | ProcessCondition
  | UserCondition
  | UnitCondition
  | ContainerCondition
  | ImageCondition
  | CommandLineCondition
  | MeasureCondition
  | EndpointCondition
  | NetnsCondition
  | InodeCondition
  | ReachCondition
  | OwnersCondition
  | StateCondition
  | FamilyCondition
  | TransportCondition;

/** Which end of a socket: `source` is the local one, `destination` the peer's, as in `src` and `dst`. */
export type End = "source" | "destination";

/**
 * Addresses that share their first bits.
 *
 * For packet, netlink and vsock sockets the protocol or CID is the first word, and the length 32.
 */
export interface Prefix {
  /** AF_INET, AF_INET6, AF_PACKET, AF_NETLINK or AF_VSOCK; AF_UNSPEC in `any` without a family. */
  readonly family: number;
  /** The address as four words, most significant bit first; a short address fills the first word. */
  readonly words: readonly [number, number, number, number];
  /** How many leading bits count: 0 to 128. */
  readonly length: number;
}

/** An address, a port or both: `src`, `dst`, `sport =`, `dport =`. */
export interface HostCondition {
  readonly kind: "host";
  readonly end: End;
  /** Alternatives, in the order they were written or resolved. None means any address. */
  readonly addresses: readonly Prefix[];
  /** `null` means any port. */
  readonly ports: Ranges | null;
}

/** `sport >= 1024` in the ss dialect, where `<` and `>` are the negations of `>=` and `<=`. */
export interface PortOrderCondition {
  readonly kind: "port_order";
  readonly end: End;
  readonly operator: ">=" | "<=";
  /** Any integer, since ss does not check that it is a port. -1 for `*`. */
  readonly port: number;
}

/** The name of a unix socket. */
export interface UnixNameCondition {
  readonly kind: "unix_name";
  readonly end: End;
  /** A shell pattern; see glob.ts. */
  readonly pattern: string;
  /**
   * The file that the pattern, being a path and no pattern, leads to. Where the file of a socket is known, it decides, and not
   * the name that the socket was bound to. Absent: the path leads to none.
   */
  readonly file?: FileIdentity;
}

/** The interface a socket is bound to. */
interface DeviceCondition {
  readonly kind: "device";
  /** As written. An index would mean different interfaces in different network namespaces. */
  readonly name: string;
  /** `null` in the sockeye dialect, which compares names because it looks into many namespaces. */
  readonly index: number | null;
}

/** The firewall mark: `(mark of the socket & mask) == mark`. */
interface MarkCondition {
  readonly kind: "mark";
  readonly mark: number;
  readonly mask: number;
}

/** The control group of a socket: exactly this one, not those below it. */
interface CgroupCondition {
  readonly kind: "cgroup";
  readonly path: string;
  /** Kernel: `cgroup_id()`, the inode number of the directory in cgroup2. */
  readonly id: bigint;
}

/** A local port or name that looks as if the kernel had chosen it. */
interface AutoboundCondition {
  readonly kind: "autobound";
}

/** A process that holds the socket. */
interface PidCondition {
  readonly kind: "pid";
  readonly pids: Ranges;
}

/** The name of a process that holds the socket: its comm, or the last part of its program's path. */
interface ProcessCondition {
  readonly kind: "process";
  readonly patterns: readonly string[];
}

/** A user: who made the socket, or who runs a process that holds it. */
interface UserCondition {
  readonly kind: "user";
  /** Login names and decimal user IDs. */
  readonly users: readonly string[];
}

/** The systemd unit of a process that holds the socket, with or without its ending `.service`. */
interface UnitCondition {
  readonly kind: "unit";
  /** Shell patterns. */
  readonly patterns: readonly string[];
}

/** The container of a process that holds the socket: its name, or the beginning of its ID. */
interface ContainerCondition {
  readonly kind: "container";
  /** Shell patterns. */
  readonly patterns: readonly string[];
}

/** The image of the container of a process that holds the socket. */
interface ImageCondition {
  readonly kind: "image";
  /** Shell patterns. */
  readonly patterns: readonly string[];
}

/** The arguments of a process that holds the socket, joined by blanks. */
interface CommandLineCondition {
  readonly kind: "cmdline";
  /** Shell patterns for all of it; one without `*`, `?` and `[` may stand anywhere in it. */
  readonly patterns: readonly string[];
}

/** A number of the socket: see model/measure.ts. One that is not known is in no range. */
interface MeasureCondition {
  readonly kind: "measure";
  readonly measure: MeasureName;
  /** In the unit of the measure. */
  readonly values: Ranges;
}

/** An end as the listing prints it, in families whose addresses filters have no form for. */
interface EndpointCondition {
  readonly kind: "endpoint";
  readonly end: End;
  readonly text: string;
}

/** The network namespace, by name (a shell pattern) or inode number. */
interface NetnsCondition {
  readonly kind: "netns";
  readonly patterns: readonly string[];
}

/** The inode number of the socket. */
interface InodeCondition {
  readonly kind: "inode";
  readonly inodes: Ranges;
}

/** How far the socket can be reached. */
interface ReachCondition {
  readonly kind: "reach";
  readonly scopes: readonly Scope[];
}

/** How many processes hold the socket. */
interface OwnersCondition {
  readonly kind: "owners";
  readonly counts: Ranges;
}

/** The state of the socket. */
interface StateCondition {
  readonly kind: "state";
  readonly states: StateMask;
}

/** The address family. */
interface FamilyCondition {
  readonly kind: "family";
  readonly families: readonly FamilyName[];
}

/** The transport protocol, or what stands for it in families without one. */
interface TransportCondition {
  readonly kind: "transport";
  readonly transports: readonly Transport[];
}

/** True if all terms are. An `all` inside of an `all` becomes part of it. */
export function all(terms: readonly Expr[]): Expr {
  return join("all", terms);
}

/** True if any term is. An `any` inside of an `any` becomes part of it. */
export function any(terms: readonly Expr[]): Expr {
  return join("any", terms);
}

/** The opposite. The opposite of a `not` is its term. */
export function not(term: Expr): Expr {
  return term.kind === "not" ? term.term : { kind: "not", term };
}

function join(kind: "all" | "any", terms: readonly Expr[]): Expr {
  if (terms.length === 1) return terms[0]!;
  const flat: Expr[] = [];
  for (const term of terms) {
    if (term.kind !== kind) flat.push(term);
    else for (const inner of (term as All | Any).terms) flat.push(inner);
  }
  return { kind, terms: flat };
}

/** Every condition of an expression, left to right. Safe for trees of any depth. */
export function* conditions(expr: Expr): Generator<Condition> {
  const pending: Expr[] = [expr];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === "not") pending.push(next.term);
    else if (next.kind === "all" || next.kind === "any") {
      for (let i = next.terms.length - 1; i >= 0; i--) pending.push(next.terms[i]!);
    } else yield next;
  }
}

/**
 * How deep an expression may be nested. Recursive functions over the tree would run out of stack at some depth; ss gives
 * up too, at a depth that depends on the form.
 */
export const MAX_DEPTH = 1000;

/** Levels of nesting: 1 for a condition. Safe for trees of any depth. */
export function depth(expr: Expr): number {
  let deepest = 0;
  const pending: [Expr, number][] = [[expr, 1]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [node, level] = next;
    deepest = Math.max(deepest, level);
    if (node.kind === "not") pending.push([node.term, level + 1]);
    else if (node.kind === "all" || node.kind === "any") {
      for (const term of node.terms) pending.push([term, level + 1]);
    }
  }
  return deepest;
}
