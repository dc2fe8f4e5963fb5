/**
 * Explanation: everything that is known about what `sockeye explain` was asked for.
 *
 * @module
 */
import type { Bytes, Container, Process } from "./owner.ts";
import type { ConnectionEnd, PeerCount } from "./peer.ts";
import type { EphemeralReport } from "./ephemeral.ts";
import type { Fault } from "./fault.ts";
import type { Forward } from "./forward.ts";
import type { PortRange } from "./port_range.ts";
import type { Relations } from "./relation.ts";
import type { Netns, Scope, Socket, Transport } from "./socket.ts";
import type { Verdict } from "./verdict.ts";
import type { State } from "./state.ts";
import type { NextStep, Story, Usage } from "./story.ts";

/** Counts of connections, with or without a listener that they belong to. */
export interface Connections {
  readonly established: number;
  /** Distinct addresses at the other end of the established ones. */
  readonly peers: number;
  /** How many of the established ones have not been accepted yet. */
  readonly unaccepted: number;
  readonly timeWait: number;
  /** When the first and the last of those in TIME-WAIT end, in milliseconds from now; `null` if none is, or the kernel does not tell. */
  readonly timeWaitEndsMs: readonly [first: number, last: number] | null;
  /** All other states. */
  readonly others: Readonly<Partial<Record<State, number>>>;
}

/** Where a program lives. Processes that agree in all of this share one place. */
export interface Place {
  readonly pids: readonly number[];
  readonly comm: Bytes | null;
  readonly exe: Bytes | null;
  /** True if there is no program because the process has ended and is only listed. */
  readonly zombie?: boolean;
  readonly exeFate: "unchanged" | "replaced" | "deleted" | "unknown";
  /** Whether this host has the program's file at that path; `null` where that cannot be told, absent where it was not asked. */
  readonly exeIsHostFile?: boolean | null;
  /** `null` if the file was not looked up, or no package database was found. */
  readonly package: { readonly name: string | null; readonly manager: string } | null;
  readonly cwd: Bytes | null;
  /** `null` for the ordinary root directory, and if it may not be read. */
  readonly root: Bytes | null;
  readonly cgroup: string | null;
  readonly unit: string | null;
  readonly session: string | null;
  readonly container: Container | null;
  readonly image: string | null;
  readonly pod: {
    readonly uid: string | null;
    readonly name: string | null;
    readonly namespace: string | null;
  } | null;
  /** What would have told more and was there, but was not read: what it is, and why. */
  readonly unread: readonly string[];
}

/** A file that looks like a log. */
export interface LogFile {
  readonly path: Bytes;
  /** True if it was deleted while open: its content is lost when the process ends. */
  readonly deleted: boolean;
  readonly size: number;
  readonly owners: readonly { readonly pid: number; readonly fds: readonly number[] }[];
}

/** Where the output of the owners goes. */
export interface Logs {
  readonly files: readonly LogFile[];
  /** Units whose output goes to the journal. */
  readonly journal: readonly string[];
  /** The file that a container runtime writes the output to. */
  readonly container: string | null;
  /** Processes whose open files could not be read. */
  readonly unread: readonly number[];
}

/** An address that a socket answers on. */
interface ReachAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefix: number;
  readonly scope: Scope;
  readonly mapped: boolean;
  readonly carrier: boolean;
}

/** A port outside the namespace of a socket that is forwarded to it. */
export interface Publication {
  readonly via: Forward["via"];
  /** `null` for every address. */
  readonly address: string | null;
  readonly ports: PortRange;
  /** True if only some packets are forwarded: the rule has further conditions, such as a source or an interface. */
  readonly conditional: boolean;
  /** Process ID of the proxy; `null` for a firewall rule. */
  readonly pid: number | null;
}

/** The file of a unix socket. */
export interface SocketFile {
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly user: string | null;
  readonly gid: number;
  readonly group: string | null;
  /** The innermost folder above the file that others may not enter; `null` if there is none. */
  readonly closedFolder: string | null;
}

/** How far a socket can be reached. */
export interface ReachReport {
  readonly scope: Scope;
  readonly reasons: readonly string[];
  /** `null` if the addresses could not be read, or the family has none. */
  readonly addresses: readonly ReachAddress[] | null;
  /** Multicast groups that sockets of this namespace have joined; the kernel does not say which sockets. */
  readonly groups: readonly { readonly interface: string; readonly address: string }[];
  /** `null` if it is not known whether anything is published. */
  readonly published: readonly Publication[] | null;
  readonly file: SocketFile | null;
}

/** One address of a service: that of IPv4, that of IPv6, or one of several. */
export interface ServiceEnd {
  /** More than one: they share the address. */
  readonly sockets: readonly Socket[];
  readonly connections: Connections | null;
  readonly reach: ReachReport | null;
  /** Where a proxy that owns the sockets forwards everything to. */
  readonly forwardsTo: { readonly address: string; readonly port: number } | null;
}

/** Sockets that matched and are one service: one port, on one or more addresses, of the same owners. And everything about them. */
export interface ExplainedSockets {
  /**
   * `service` accepts connections or datagrams; `bound` occupies an address without using it; `connections` are connections
   * that matched by themselves, not through their listener.
   */
  readonly kind: "service" | "bound" | "connections";
  /** More than one: an SO_REUSEPORT group, several addresses, or connections. */
  readonly sockets: readonly Socket[];
  /** Its addresses. Their sockets together are {@linkcode ExplainedSockets.sockets}, in the same order. Empty for connections. */
  readonly ends: readonly ServiceEnd[];
  /** One for each socket of a service, in the same order. Empty for connections. */
  readonly relations: readonly Relations[];
  readonly connections: Connections | null;
  /** Of connections: what is known of each, in the order of the sockets. Empty for services. */
  readonly connectionEnds: readonly ConnectionEnd[];
  /** The peers with the most connections, the most first: five at most. */
  readonly peers: readonly PeerCount[];
  /** How many further peers there are. */
  readonly otherPeers: number;
  /** Whether it has connections. */
  readonly connectionsVerdict: Verdict;
  /** Login name of the user who made the first socket; `null` or absent if it has none. */
  readonly creator?: string | null;
  /** The device of a tunnel for which the kernel itself has this UDP port open; `null` or absent if there is none. */
  readonly tunnel?: { readonly name: string; readonly kind: string } | null;
  readonly processes: readonly Process[];
  /** How many of them were not looked at one by one: what follows says nothing of these. */
  readonly unexamined?: number;
  readonly places: readonly Place[];
  readonly logs: Logs;
  /** That of its first address. */
  readonly reach: ReachReport | null;
  /** Signs that something is wrong with it. */
  readonly faults: readonly Fault[];
  /** How its processes came to run: one for each that no other of them has started. */
  readonly stories: readonly Story[];
  /** What each of its processes uses. */
  readonly usage: readonly Usage[];
  /** What can be done to it, fitting whoever manages it. */
  readonly next: readonly NextStep[];
  /** Where a proxy that owns the socket forwards everything to. */
  readonly forwardsTo: { readonly address: string; readonly port: number } | null;
}

/** The result of trying bind(2). */
export interface BindReport {
  readonly transport: Transport;
  readonly address: string;
  /** Interface that it was tried on; `null` for any. */
  readonly interface: string | null;
  readonly port: number;
  /** `OK`, or the name of the error: `EADDRINUSE`. `null` if it could not be tried. */
  readonly plain: string | null;
  /** The same with SO_REUSEADDR. `null` if it was not tried: for datagram sockets, it is only where the address is in use. */
  readonly reuseAddress: string | null;
  /** The same with SO_REUSEPORT. */
  readonly reusePort: string | null;
  readonly verdict:
    | "free"
    | "needs_reuse_address"
    | "needs_reuse_port"
    | "in_use"
    | "denied"
    | "no_such_address"
    | "other";
  /** Sockets that are bound to the address, or to one that overlaps it. */
  readonly inTheWay: readonly Socket[];
  /** Ports below it need root or CAP_NET_BIND_SERVICE. Kernel: net.ipv4.ip_unprivileged_port_start. */
  readonly unprivilegedStart: number | null;
  /** For port 0, the ports that the kernel picks from, and who has them; `null` for others, and where the range is not known. */
  readonly ephemeral: EphemeralReport | null;
}

/** What came close to a target that nothing matched. */
export interface Nearby {
  /** Connections whose local port it is. */
  readonly connections: Connections | null;
  /** Sockets with the same port on other addresses, transports or in other namespaces. */
  readonly sockets: readonly Socket[];
  /** Kernel: net.ipv4.ip_local_port_range; `null` if it cannot be read. */
  readonly ephemeral: readonly [first: number, last: number] | null;
  /** True if the port is in that range. */
  readonly inEphemeral: boolean;
  /** True if the port is in net.ipv4.ip_local_reserved_ports. */
  readonly reserved: boolean;
  readonly binds: readonly BindReport[];
  /** Services on ports that are nearly the same, the nearest first. */
  readonly neighbours: readonly Socket[];
  /** What usually has the port; `null` if nothing is known to. */
  readonly usual: UsualService | null;
}

/** The service that usually has a port. */
export interface UsualService {
  /** Its name: `postgresql`. */
  readonly service: string;
  /** Programs that serve it; empty if none is known. */
  readonly programs: readonly string[];
  /** Those that run. */
  readonly processes: readonly Process[];
  /** Listeners that they have, on other ports. */
  readonly sockets: readonly Socket[];
}

/** Protocols whose sockets are in a table as soon as they are bound or connected: {@linkcode UnlistedSocket.protocol}. */
export const LISTED_WHEN_BOUND = /^(TCP|UDP|RAW|PING|MPTCP|SCTP|DCCP)/i;

/** A socket that processes hold and that is in no table that was read. */
export interface UnlistedSocket {
  readonly inode: number;
  /** The kernel's name of the protocol: `TCP`, `UDPv6`, `ALG`. Kernel: xattr system.sockprotoname. `null` if not known. */
  readonly protocol: string | null;
  /** Inode of the network namespace; `null` if not known. */
  readonly netns: number | null;
  readonly owners: readonly { readonly pid: number; readonly fds: readonly number[] }[];
}

/** The answer for one target. */
export interface Explanation {
  readonly target: string;
  readonly kind:
    | "port"
    | "unix"
    | "abstract"
    | "pid"
    | "inode"
    | "process"
    | "unit"
    | "container"
    | "endpoint";
  readonly subjects: readonly ExplainedSockets[];
  /** Where a port that was asked about is forwarded to, by a proxy or by rules. */
  readonly forwards: readonly Forward[];
  /** True if rules may forward it that could not be read. */
  readonly forwardsUnread: boolean;
  /** If nothing matched: running processes that the target names but that own no socket. */
  readonly idle: readonly Process[];
  /** If nothing matched: what is at the path that was asked for; `null` if no path was. */
  readonly file: "absent" | "socket" | "other" | "unreadable" | null;
  /** Sockets in other namespaces that match, if those were not asked for. A port matches there on any address. */
  readonly elsewhere: readonly Socket[];
  /** `null` if something matched. */
  readonly nearby: Nearby | null;
  /** Sockets that the target names and that no table shows. */
  readonly unlisted: readonly UnlistedSocket[];
  /** Names of the processes in {@linkcode Explanation.unlisted}. */
  readonly names: ReadonlyMap<number, string>;
  /** True if one network namespace was asked about, and what is elsewhere does not matter. */
  readonly scoped: boolean;
  /** Inodes of the network namespaces that were looked into. */
  readonly searched: readonly number[];
  /** Whether something matched. */
  readonly verdict: Verdict;
  /** The same about sockets alone: rules that may forward a port are left out of it. */
  readonly socketVerdict: Verdict;
  /** Whether a process has the name or the ID that was asked for. */
  readonly processVerdict: Verdict;
  /** Whether other network namespaces, beside those in {@linkcode Explanation.elsewhere}, may have a match: `no`, or undecided. */
  readonly elsewhereVerdict: Verdict;
  readonly netns: Netns | null;
}
