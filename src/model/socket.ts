/**
 * Socket: what every part of the program works with after decoding.
 *
 * A key is always present; `null` is "the kernel did not say", never 0.
 *
 * @module
 */
import type { Bytes, Owner, OwnerLookup, Ownership } from "./owner.ts";
import type { SocketType } from "./socket_type.ts";
import type { State } from "./state.ts";
import type { TimerKind } from "./timer.ts";
export type { SocketType };

/** Address family, as in the JSON. */
export const FAMILIES = [
  "inet",
  "inet6",
  "unix",
  "packet",
  "netlink",
  "vsock",
  "xdp",
  "tipc",
] as const;
/** One of {@linkcode FAMILIES}. */
export type FamilyName = typeof FAMILIES[number];

/** Transport, as in the JSON. Families without one repeat what the socket is: `packet`, `netlink`, `xdp`. */
export const TRANSPORTS = [
  "tcp",
  "udp",
  "udplite",
  "raw",
  "icmp",
  "mptcp",
  "sctp",
  "dccp",
  "stream",
  "dgram",
  "seqpacket",
  "rdm",
  "packet",
  "netlink",
  "xdp",
] as const;
/** One of {@linkcode TRANSPORTS}. */
export type Transport = typeof TRANSPORTS[number];

/** One end of an internet socket. */
export interface InternetEndpoint {
  /** Address without brackets or scope: `0.0.0.0`, `fe80::1`. */
  readonly address: string;
  /** Port in host order; for raw sockets the IP protocol; 0 is "any" for a peer. */
  readonly port: number;
  /** Interface the socket is bound to (SO_BINDTODEVICE, or the scope of a link-local address). */
  readonly interface: string | null;
}

/**
 * What a file is, whatever its path: the number of its file system and its inode there. Kernel: `UNIX_DIAG_VFS`.
 *
 * The kernel tells the lower 32 bits of the inode. The device is the file system's own, which stat(2) does not tell
 * everywhere: see reach/socket_file.ts.
 */
export interface FileIdentity {
  readonly major: number;
  readonly minor: number;
  readonly inode: number;
}

/** One end of a unix socket. Unnamed where both `path` and `name` are `null`. */
export interface UnixEndpoint {
  /** Path as the process gave it to bind(2), any bytes: relative ones stay so. */
  readonly path: Bytes | null;
  /** Abstract name without its leading NUL, any bytes, NULs included. */
  readonly name: Bytes | null;
  /** Inode of the socket at this end; `null` when nobody has accepted it, and where the source does not tell. */
  readonly inode: number | null;
  /**
   * The file that bind(2) made; `null` for a socket without a path, and where the source does not tell. Absent at the other
   * end: that socket's own local end has it.
   */
  readonly file?: FileIdentity | null;
}

/** Where a packet socket taps in. */
export interface PacketEndpoint {
  /** EtherType in host order: 0x0800 is IPv4, 3 is everything, 0 nothing. Kernel: `pdiag_num`. */
  readonly ethertype: number;
  /** `null` for every interface. Kernel: `pdi_index`. */
  readonly interface: string | null;
}

/** One end of a netlink socket. */
export interface NetlinkEndpoint {
  /** NETLINK_*: 0 is NETLINK_ROUTE. Kernel: `ndiag_protocol`. */
  readonly protocol: number;
  /** Not a process ID; 0 is the kernel. Kernel: `ndiag_portid`. */
  readonly portId: number;
  /** Multicast groups by number, ascending; `null` where the source does not tell. */
  readonly groups: readonly number[] | null;
}

/** One end of a vsock socket. */
export interface VsockEndpoint {
  /** Context ID: 0 hypervisor, 1 this machine itself, 2 the host, 0xffffffff any. */
  readonly cid: number;
  /** 0xffffffff is any. */
  readonly port: number;
}

/** The queue that an XDP socket is bound to. */
export interface XdpEndpoint {
  /** `null` while the socket is not bound. */
  readonly interface: string | null;
  readonly queue: number | null;
}

/** One end of a TIPC socket. */
export interface TipcEndpoint {
  /** Node identity (hash). */
  readonly node: number;
  /** Port within the node. */
  readonly ref: number;
}

/**
 * One end of a socket: one of the family's own form. Code for all families does not look inside, but asks the family:
 * see `EndpointTraits` in families/family.ts.
 */
export type Endpoint =
  | InternetEndpoint
  | UnixEndpoint
  | PacketEndpoint
  | NetlinkEndpoint
  | VsockEndpoint
  | XdpEndpoint
  | TipcEndpoint;

/** A network namespace. `name` is the file name under /run/netns, where it has one. */
export interface Netns {
  readonly inode: number;
  readonly name: string | null;
}

/** The kernel timer that is running. Kernel: `idiag_timer`, `idiag_expires`, `idiag_retrans`. */
export interface Timer {
  readonly kind: TimerKind;
  readonly expiresMs: number;
  readonly retransmits: number;
}

/** How far a bound address can be reached. `unknown`: not an address, or not decidable. */
export const SCOPES = [
  "loopback",
  "link_local",
  "private",
  "public",
  "any",
  "multicast",
  "host",
  "container",
  "unknown",
] as const;
/** One of {@linkcode SCOPES}. */
export type Scope = typeof SCOPES[number];

/** How far a socket can be reached, and the facts that say so. */
export interface Reach {
  readonly scope: Scope;
  readonly reasons: readonly string[];
}

/** A value of {@linkcode SocketInfo}: plain data that JSON can carry, but for bigints and bytes. */
export type InfoValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly InfoValue[]
  | { readonly [key: string]: InfoValue };

/** What a datagram socket has received and its process has not read, and what found no room. */
export interface ReceiveBuffer {
  /** Memory in use, with the kernel's overhead: more than the bytes to be read. Kernel: `sk_rmem_alloc`. */
  readonly bytes: number;
  /** How much it may use; `null` where the source does not tell. Kernel: `sk_rcvbuf`. */
  readonly limit: number | null;
  /** Datagrams that were dropped since the socket was made; `null` where the source does not tell. Kernel: `sk_drops`. */
  readonly drops: number | null;
}

/** Everything the kernel tells of a socket beyond its row, by the names of its attributes; units are in the names. */
export type SocketInfo = Readonly<Record<string, InfoValue>>;

/** A socket. */
export interface Socket {
  readonly netns: Netns | null;
  readonly family: FamilyName;
  readonly transport: Transport;
  readonly type: SocketType | null;
  /** IP protocol of a raw socket; `null` elsewhere. Kernel: `INET_DIAG_PROTOCOL`, or the "port" of /proc/net/raw. */
  readonly protocol: number | null;
  readonly state: State;
  readonly local: Endpoint;
  /** `null` where the socket is not connected. Of a unix socket, join/peers.ts fills in the name. */
  peer: Endpoint | null;
  /** Inode of the socket at the other end, on this machine; `null` where the family or the source does not tell. */
  readonly peerInode: number | null;
  /** The file that the unix socket at the other end is bound to, where it is known. Filled in by join/peers.ts. */
  peerFile?: FileIdentity | null;
  /** IPv6 only, no IPv4 through it. `null` for IPv4 and where the kernel does not say. */
  readonly v6only: boolean | null;
  /** User that made the socket. `null` where the kernel keeps none (TIME-WAIT). */
  readonly uid: number | null;
  /** Inode of the descriptor. `null` when no process holds the socket through one. */
  readonly inode: number | null;
  /** SO_COOKIE, unique since boot. A bigint only from 2^53 on. */
  readonly cookie: number | bigint | null;
  /** Bytes received and not yet read by the process. `null` for a listener: see {@linkcode acceptQueue}. */
  readonly recvQueue: number | null;
  /** Bytes not yet acknowledged by the peer. `null` for a listener. */
  readonly sendQueue: number | null;
  /** Connections waiting for accept(2), and how many may. Listeners only. */
  readonly acceptQueue: { readonly length: number; readonly limit: number | null } | null;
  readonly timer: Timer | null;
  /**
   * Control group of the process that made the socket. Only when the query asks for it; `null` where the kernel does not tell.
   * Kernel: `INET_DIAG_CGROUP_ID`.
   */
  readonly cgroupId?: bigint | null | undefined;
  /** UDP sockets only, and only when the query asks for it; `null` where the source tells nothing. */
  readonly receiveBuffer?: ReceiveBuffer | null | undefined;
  /** Of a listener, inodes of the sockets whose connection nobody has accepted yet, where the source tells. */
  waitingInodes?: readonly number[];
  /**
   * Filled in by join/attach.ts; until then `unknown`, or `kernel` where the family knows the socket for the kernel's
   * own.
   */
  ownership: Ownership;
  /** Ascending by pid, then thread. Empty unless `ownership` is `owned`. Filled in with it. */
  owners: readonly Owner[];
  /**
   * Owners of the other end; of a listener, those of the other ends of its connections. Ascending by pid. `null` where the
   * family has no other ends, and where the other end is not known. Filled in by join/peers.ts. Until then empty where the
   * source tells of other ends.
   */
  peerOwners: readonly Owner[] | null;
  /** Some families tell it. Where it is `unknown`, reach/bind.ts works it out from the address. */
  reach: Reach;
  /** Only when the query asks for it; `null` where the source tells nothing. */
  info?: SocketInfo | null | undefined;
  /**
   * Takes a number by which {@linkcode owners} looks the owners up when they are asked for. A socket without this method gets a list of
   * its own.
   */
  ownedBy?(lookup: OwnerLookup, number: number): void;
}
