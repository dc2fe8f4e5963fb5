/**
 * Policy: which services a host may have. A service that no entry allows is a violation.
 *
 * @module
 */
import type { PortRange } from "../model/port_range.ts";
import type { Scope } from "../model/socket.ts";

/** Name and version of the format. */
export const POLICY_SCHEMA = "sockeye.policy/1";

/** The transports that an entry may name. */
export const POLICY_TRANSPORTS = [
  "tcp",
  "udp",
  "udplite",
  "raw",
  "icmp",
  "mptcp",
  "sctp",
  "dccp",
  "unix-stream",
  "unix-dgram",
  "unix-seqpacket",
  "vsock-stream",
  "vsock-dgram",
  "vsock-seqpacket",
  "packet",
  "xdp",
] as const;
type PolicyTransport = typeof POLICY_TRANSPORTS[number];

/** The kinds of socket that a policy may check. */
export const POLICY_CHECKS = ["internet", "unix", "packet", "vsock", "xdp"] as const;
/** One of {@linkcode POLICY_CHECKS}. */
export type PolicyCheck = typeof POLICY_CHECKS[number];

/** How far a socket may be reachable at most, from near to far. */
export const POLICY_REACH = [
  "loopback",
  "host",
  "container",
  "link_local",
  "private",
  "public",
  "any",
] as const;
type PolicyReach = typeof POLICY_REACH[number];

const RANKS: Readonly<Record<Scope, number>> = {
  loopback: 0,
  // Neither leaves the machine, so both count as equal.
  host: 1,
  container: 1,
  link_local: 2,
  private: 3,
  // Multicast comes from nearby networks, because routers rarely forward it.
  multicast: 3,
  public: 4,
  any: 5,
  unknown: -1,
};

/** A number to compare scopes by. A higher one reaches farther; -1 for `unknown`. */
export function reachRank(scope: Scope): number {
  return RANKS[scope];
}

/** One entry. `null`: not restricted. Lists are alternatives. */
export interface PolicyEntry {
  readonly name: string;
  /** The line in the file. */
  readonly line: number;
  readonly required: boolean;
  readonly transports: readonly PolicyTransport[] | null;
  readonly ports: readonly PortRange[] | null;
  /** True if ports that the kernel picked match as well. */
  readonly ephemeral: boolean;
  /** The version of IP that the socket serves; `dual`: both. */
  readonly family: "inet" | "inet6" | "dual" | null;
  readonly addresses: readonly string[] | null;
  readonly interfaces: readonly string[] | null;
  readonly reach: PolicyReach | null;
  /** `host`, `container`, `any`, or `name:NAME`. */
  readonly netns: string;
  /** Patterns of paths and abstract names of unix sockets. */
  readonly paths: readonly string[] | null;
  readonly protocols: readonly number[] | null;
  /** Patterns of program files. Every owner has to fit one. */
  readonly exes: readonly string[] | null;
  readonly units: readonly string[] | null;
  /** Units of users, below user.slice. An owner fits one of these or one of {@linkcode units}. */
  readonly userUnits: readonly string[] | null;
  /** Names or numbers of users. */
  readonly users: readonly string[] | null;
  readonly container: {
    readonly name: readonly string[] | null;
    readonly image: readonly string[] | null;
    readonly runtime: readonly string[] | null;
  } | null;
  /** True for sockets of the kernel itself, such as WireGuard or NFS. */
  readonly kernel: boolean;
  readonly reason: string | null;
  /** The last day that the entry is valid, such as `2026-12-31`. */
  readonly expires: string | null;
}

/** Settings of a whole policy. */
export interface PolicySettings {
  readonly check: ReadonlySet<PolicyCheck>;
  /** Whether an undecidable service counts in the outcome. */
  readonly undecidable: "fail" | "accept";
  /** Unconnected UDP sockets on ports that the kernel picked, if no entry names them: counted together, or each checked. */
  readonly ephemeralUdp: "collapse" | "check";
  /** A service whose visible owners fit, while some processes could not be read. */
  readonly unseenHolders: "accept" | "undecidable";
  /** Namespaces and tables that could not be read, which may contain services that are not allowed. */
  readonly unseenParts: "accept" | "undecidable";
}

/** A policy. */
export interface Policy {
  /** Name of the file for messages. */
  readonly file: string;
  readonly settings: PolicySettings;
  readonly entries: readonly PolicyEntry[];
}

/** The settings of a file without any. */
export const DEFAULT_SETTINGS: PolicySettings = {
  check: new Set(["internet", "packet"]),
  undecidable: "fail",
  ephemeralUdp: "collapse",
  unseenHolders: "accept",
  unseenParts: "undecidable",
};
