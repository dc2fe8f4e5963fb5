/**
 * Explanation: what is known about something that a person asked about.
 *
 * @module
 */
import type { Bytes, Container, Process } from "./owner.ts";
import type { Relations } from "./relation.ts";
import type { Netns, Scope, Socket, Transport } from "./socket.ts";
import type { State } from "./state.ts";

/** Connections that belong to a listener, or to nobody's. */
export interface Connections {
  readonly established: number;
  /** Distinct addresses at the other end of those. */
  readonly peers: number;
  /** Of those established, how many nobody has accepted yet. */
  readonly unaccepted: number;
  readonly timeWait: number;
  /** Everything else, by state. */
  readonly others: Readonly<Partial<Record<State, number>>>;
}

/** Where a program lives: processes that agree in everything here share one. */
export interface Place {
  readonly pids: readonly number[];
  readonly comm: Bytes | null;
  readonly exe: Bytes | null;
  readonly exeFate: "unchanged" | "replaced" | "deleted" | "unknown";
  /** `null` where the file was not looked up, or nothing owns it. */
  readonly package: { readonly name: string | null; readonly manager: string } | null;
  readonly cwd: Bytes | null;
  /** `null` for the ordinary root, and where it may not be read. */
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
}

/** A file that looks like a log. */
export interface LogFile {
  readonly path: Bytes;
  /** Deleted while open: what is written to it is lost with the process. */
  readonly deleted: boolean;
  readonly size: number;
  readonly owners: readonly { readonly pid: number; readonly fds: readonly number[] }[];
}

/** Where the output of the owners goes. */
export interface Logs {
  readonly files: readonly LogFile[];
  /** Units whose output the journal takes. */
  readonly journal: readonly string[];
  /** File that a container runtime writes the output to. */
  readonly container: string | null;
  /** Processes whose open files could not be read. */
  readonly unread: readonly number[];
}

/** An address that a socket answers on. */
export interface ReachAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefix: number;
  readonly scope: Scope;
  readonly mapped: boolean;
  readonly carrier: boolean;
}

/** Somewhere outside its namespace from where a port is led to a socket. */
export interface Publication {
  readonly via: "docker-proxy" | "nftables" | "iptables";
  /** `null` for every address. */
  readonly address: string | null;
  readonly ports: { readonly first: number; readonly last: number };
  /** True when not every packet to that port is led: the rule asks for more, such as a source or an interface. */
  readonly conditional: boolean;
  /** The proxy. */
  readonly pid: number | null;
}

/** The file of a unix socket. */
export interface SocketFile {
  /** Permissions. */
  readonly mode: number;
  readonly uid: number;
  readonly user: string | null;
  readonly gid: number;
  readonly group: string | null;
  /** The innermost folder above it that lets only its owner and group through; `null` when there is none. */
  readonly closedFolder: string | null;
}

/** How far a socket can be reached. */
export interface ReachReport {
  readonly scope: Scope;
  readonly reasons: readonly string[];
  /** `null` where the addresses could not be read, or have no meaning in this family. */
  readonly addresses: readonly ReachAddress[] | null;
  /** Multicast groups that sockets of this namespace have joined; the kernel does not say which. */
  readonly groups: readonly { readonly interface: string; readonly address: string }[];
  /** `null` where it is not known whether anything is published. */
  readonly published: readonly Publication[] | null;
  readonly file: SocketFile | null;
}

/** One thing that matched: sockets with one address, and all about them. */
export interface ExplainedSockets {
  /**
   * `service` can be talked to; `bound` has an address and does nothing with it; `connections` are those that matched
   * themselves, not the listener they belong to.
   */
  readonly kind: "service" | "bound" | "connections";
  /** More than one: an SO_REUSEPORT group, or connections. */
  readonly sockets: readonly Socket[];
  /** For each socket of a service, in the same order. */
  readonly relations: readonly Relations[];
  readonly connections: Connections | null;
  readonly processes: readonly Process[];
  readonly places: readonly Place[];
  readonly logs: Logs;
  readonly reach: ReachReport | null;
  /** Where a proxy that holds it sends everything on to. */
  readonly forwardsTo: { readonly address: string; readonly port: number } | null;
}

/** What bind(2) said when it was tried. */
export interface BindReport {
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  /** 0, or the error code's name: EADDRINUSE. */
  readonly plain: string | null;
  /** The same with SO_REUSEADDR; `null` for datagrams, where trying would take them from another. */
  readonly reuseAddress: string | null;
  readonly verdict:
    | "free"
    | "needs_reuse_address"
    | "in_use"
    | "denied"
    | "no_such_address"
    | "other";
  /** Sockets that are bound to the address, or to one that overlaps it. */
  readonly inTheWay: readonly Socket[];
  /** Below it only root and CAP_NET_BIND_SERVICE may bind. Kernel: net.ipv4.ip_unprivileged_port_start. */
  readonly unprivilegedStart: number | null;
}

/** What is near, when nothing matched. */
export interface Nearby {
  /** Connections whose own end has this port. */
  readonly connections: Connections | null;
  /** The same port on other addresses, transports, in other namespaces. */
  readonly sockets: readonly Socket[];
  /** Kernel: net.ipv4.ip_local_port_range; `null` where it cannot be read. */
  readonly ephemeral: readonly [first: number, last: number] | null;
  /** True for a port inside. */
  readonly inEphemeral: boolean;
  /** In net.ipv4.ip_local_reserved_ports. */
  readonly reserved: boolean;
  readonly binds: readonly BindReport[];
}

/** The answer for one target. */
export interface Explanation {
  readonly target: string;
  readonly kind: "port" | "unix" | "abstract" | "pid" | "inode" | "process";
  readonly subjects: readonly ExplainedSockets[];
  /** When nothing matched: processes that were meant, live, and hold no socket. */
  readonly idle: readonly Process[];
  /** When nothing matched: what is at the path that was asked for; `null` where none was. */
  readonly file: "absent" | "socket" | "other" | "unreadable" | null;
  /** What matches in other namespaces, when they were not asked for; of a port on any address. */
  readonly elsewhere: readonly Socket[];
  /** False when there are other namespaces that could not be looked into. */
  readonly elsewhereWhole: boolean;
  /** `null` when something matched. */
  readonly nearby: Nearby | null;
  /** True when something that matched may have gone unseen. */
  readonly undecided: boolean;
  readonly netns: Netns | null;
}
