/**
 * Policy: which services may be there. Whatever no entry allows may not.
 *
 * @module
 */
import type { Scope } from "../model/socket.ts";

/** Name and version of the format. */
export const POLICY_SCHEMA = "sockeye.policy/1";

/** What an entry may call a transport. */
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
export type PolicyTransport = typeof POLICY_TRANSPORTS[number];

/** Kinds of socket that a policy may be about. */
export const POLICY_CHECKS = ["internet", "unix", "packet", "vsock", "xdp"] as const;
export type PolicyCheck = typeof POLICY_CHECKS[number];

/** How far a socket may be reached at most, from near to far. */
export const POLICY_REACH = [
  "loopback",
  "host",
  "container",
  "link_local",
  "private",
  "public",
  "any",
] as const;
export type PolicyReach = typeof POLICY_REACH[number];

const RANKS: Readonly<Record<Scope, number>> = {
  loopback: 0,
  // Neither leaves the machine; that one is the other's equal is a matter of taste.
  host: 1,
  container: 1,
  link_local: 2,
  private: 3,
  // A group is joined from the networks around, and routers rarely let one pass.
  multicast: 3,
  public: 4,
  any: 5,
  unknown: -1,
};

/** Compares reaches: a higher number reaches farther. -1 for `unknown`. */
export function reachRank(scope: Scope): number {
  return RANKS[scope];
}

/** Inclusive. */
export interface PolicyPorts {
  readonly first: number;
  readonly last: number;
}

/** One entry. `null`: the entry does not care. Lists are alternatives. */
export interface PolicyEntry {
  readonly name: string;
  /** Line in the file. */
  readonly line: number;
  readonly required: boolean;
  readonly transports: readonly PolicyTransport[] | null;
  readonly ports: readonly PolicyPorts[] | null;
  /** True when ports of the kernel's choice are meant as well. */
  readonly ephemeral: boolean;
  /** Takes part in this version of IP; `dual`: in both. */
  readonly family: "inet" | "inet6" | "dual" | null;
  readonly addresses: readonly string[] | null;
  readonly interfaces: readonly string[] | null;
  readonly reach: PolicyReach | null;
  /** `host`, `container`, `any`, or `name:NAME`. */
  readonly netns: string;
  /** Paths and abstract names of unix sockets, as patterns. */
  readonly paths: readonly string[] | null;
  readonly protocols: readonly number[] | null;
  /** Patterns: every holder has to fit one. */
  readonly exes: readonly string[] | null;
  readonly units: readonly string[] | null;
  /** Names or numbers. */
  readonly users: readonly string[] | null;
  readonly container: {
    readonly name: readonly string[] | null;
    readonly image: readonly string[] | null;
    readonly runtime: readonly string[] | null;
  } | null;
  /** The kernel itself holds it: WireGuard, NFS. */
  readonly kernel: boolean;
  readonly reason: string | null;
  /** The last day it is in force, as `2026-12-31`. */
  readonly expires: string | null;
}

/** Settings of a whole policy. */
export interface PolicySettings {
  readonly check: ReadonlySet<PolicyCheck>;
  /** What an undecidable service does to the outcome. */
  readonly undecidable: "fail" | "accept";
  /** Unconnected UDP sockets on ports that the kernel picked, which no entry names: counted together, or each checked. */
  readonly ephemeralUdp: "collapse" | "check";
  /** A service whose visible holders fit while there are processes that could not be read. */
  readonly unseenHolders: "accept" | "undecidable";
  /** Namespaces and tables that could not be read, where what is not allowed may be. */
  readonly unseenParts: "accept" | "undecidable";
}

/** A policy. */
export interface Policy {
  /** What to call the file. */
  readonly file: string;
  readonly settings: PolicySettings;
  readonly entries: readonly PolicyEntry[];
}

/** Settings where a file has none. */
export const DEFAULT_SETTINGS: PolicySettings = {
  check: new Set(["internet", "packet"]),
  undecidable: "fail",
  ephemeralUdp: "collapse",
  unseenHolders: "accept",
  unseenParts: "undecidable",
};
