/**
 * Checkup: what this program can see on this host as this user, and what keeps it from more.
 *
 * @module
 */
import type { Netns } from "./socket.ts";

/** Which source answers for one table. */
export interface TableCheck {
  /** `tcp over IPv4`. */
  readonly label: string;
  /** `absent`: this kernel has no such sockets, so nothing is missing. */
  readonly source: "netlink" | "proc" | "absent" | "none";
  /** Why it is not netlink; `null` when it is. */
  readonly reason: string | null;
}

/** A capability that matters here. */
export interface CapabilityCheck {
  readonly name: string;
  /** `null` where /proc does not tell. */
  readonly held: boolean | null;
  /** What it is for. */
  readonly use: string;
}

/** A network namespace, and whether it can be entered. */
export interface NamespaceCheck {
  readonly netns: Netns;
  readonly own: boolean;
  readonly enterable: boolean;
}

/** What can be used or not, and why not. */
export interface AbilityCheck {
  readonly usable: boolean;
  readonly reason: string | null;
}

/** The whole of it. */
export interface Checkup {
  readonly host: string;
  readonly kernel: string;
  readonly user: { readonly uid: number; readonly name: string | null };
  readonly capabilities: readonly CapabilityCheck[];
  /** True inside a PID namespace: processes outside are not seen. */
  readonly pidNamespace: boolean | null;
  /** Option of the /proc mount; `null` for none. */
  readonly hidepid: string | null;
  readonly processes: { readonly seen: number; readonly denied: number };
  /** The kernel's types, which BPF needs. */
  readonly btf: AbilityCheck;
  /** Looking for owners by BPF. */
  readonly bpf: AbilityCheck;
  readonly cgroup: "v2" | "v1" | "hybrid" | null;
  readonly tables: readonly TableCheck[];
  /** Links and addresses, for reach. */
  readonly addresses: AbilityCheck;
  readonly namespaces: readonly NamespaceCheck[];
  /** Processes whose network namespace could not be read. */
  readonly namespacesUnread: number;
  /** What to change to see more: one sentence each. */
  readonly advice: readonly string[];
}
