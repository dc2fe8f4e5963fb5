/**
 * Checkup: what this program can see on this host as this user, and what keeps it from seeing more.
 *
 * @module
 */
import type { Netns } from "./socket.ts";

/** Which source one table is read from. */
export interface TableCheck {
  /** Such as `tcp over IPv4`. */
  readonly label: string;
  /** `absent`: there are no such sockets, so nothing is missing. */
  readonly source: "netlink" | "proc" | "absent" | "none";
  /** Why it is not netlink; `null` when it is. */
  readonly reason: string | null;
}

/** A capability that matters here. */
export interface CapabilityCheck {
  readonly name: string;
  /** `null` if /proc does not say. */
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

/** Whether something can be used, and if not, why. */
export interface AbilityCheck {
  readonly usable: boolean;
  readonly reason: string | null;
}

/** Something that a kernel has or has not, or a right on it. */
export interface FeatureCheck {
  readonly group: "calls" | "owners" | "watch" | "firewall";
  /** Such as `openat2()`, or the name of a program of `watch`. */
  readonly name: string;
  readonly usable: boolean;
  /** Why not; `null` when it is. */
  readonly reason: string | null;
  /** What follows where it is missing. */
  readonly without: string;
}

/** All results of one checkup. */
export interface Checkup {
  readonly host: string;
  readonly kernel: string;
  readonly user: { readonly uid: number; readonly name: string | null };
  readonly capabilities: readonly CapabilityCheck[];
  /** True inside a PID namespace, where processes outside cannot be seen; `null` if that is not known. */
  readonly pidNamespace: boolean | null;
  /** Value of the `hidepid` option of the /proc mount; `null` without one. */
  readonly hidepid: string | null;
  readonly processes: { readonly seen: number; readonly denied: number };
  /** The kernel's types, which BPF needs. */
  readonly btf: AbilityCheck;
  /** Looking for owners by BPF. */
  readonly bpf: AbilityCheck;
  /** Whether `watch` sees all that it can; if not, why and what then. */
  readonly watch: AbilityCheck;
  readonly cgroup: "v2" | "v1" | "hybrid" | null;
  readonly tables: readonly TableCheck[];
  /** What was tried of the kernel. */
  readonly features: readonly FeatureCheck[];
  /** Links and addresses, for reach. */
  readonly addresses: AbilityCheck;
  readonly namespaces: readonly NamespaceCheck[];
  /** Processes whose network namespace could not be read. */
  readonly namespacesUnread: number;
  /** What could not be read for this checkup, and why: `the list of mounts: Input/output error (EIO)`. Facts from it are missing. */
  readonly unread: readonly string[];
  /** What to change to see more, a sentence each. */
  readonly advice: readonly string[];
}
