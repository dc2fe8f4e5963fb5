/**
 * FilterSubject: what a filter asks of a socket. A row that is not decoded yet can answer most of it too. What
 * costs something is a getter, which a filter only asks if it needs the answer.
 *
 * @module
 */
import type { MeasureName } from "../model/measure.ts";
import type { End } from "./ast.ts";
import type { FileIdentity, Netns, Scope, Transport } from "../model/socket.ts";

/** Which of the four words of an address. */
export type WordIndex = 0 | 1 | 2 | 3;

/** A user. `null` for what is not known. */
export interface FilterUser {
  readonly uid: number | null;
  readonly name: string | null;
}

/** Ports that the kernel gives out by itself. Kernel: /proc/sys/net/ipv4/ip_local_port_range, of one namespace. */
export interface LocalPortRange {
  readonly first: number;
  readonly last: number;
}

/** A container of an owner. */
interface FilterContainer {
  readonly id: string;
  /** `null` where no file tells it. */
  readonly name: string | null;
}

/** What is known of a decoded socket and not of its row. Each is looked up when it is asked for. */
export interface SocketFacts {
  /** Units of the owners. */
  readonly units: readonly string[];
  /** Containers of the owners. */
  readonly containers: readonly FilterContainer[];
  /** Images of those containers, where files tell them. */
  readonly images: readonly string[];
  /** Arguments of the owners, joined by blanks. */
  readonly commandLines: readonly string[];
  /** A number of the socket; `null` where it is not known. */
  measure(name: MeasureName): number | null;
  /** An end as the listing prints it; `null` without a peer. */
  printed(end: End): string | null;
}

/** A socket as a filter sees it. */
export interface FilterSubject {
  /** AF_INET and so on. A v4-mapped socket is AF_INET6. */
  readonly family: number;
  readonly transport: Transport;
  /** Kernel's number; see model/state.ts. */
  readonly stateNumber: number;
  /**
   * Port in host order. In families without ports, as in ss: the inode of a unix socket, the interface index of
   * a packet socket (0 for any), the port ID of a netlink socket (signed: one the kernel chose is negative), the port
   * of a vsock socket. Kernel: `idiag_sport`.
   */
  readonly sourcePort: number;
  /** The same for the peer, 0 without one. Kernel: `idiag_dport`. */
  readonly destinationPort: number;
  /**
   * A word of the local address, most significant byte first, signed or not. IPv4 has its address in word 0 and zeros
   * in the others; packet and netlink have their protocol there in host order, vsock its CID; unix has zeros when the
   * socket has no name and ones otherwise. Kernel: `idiag_src`.
   */
  sourceWord(index: WordIndex): number;
  /** The same for the peer. Kernel: `idiag_dst`. */
  destinationWord(index: WordIndex): number;
  /** Interface the socket is bound to, 0 for none. Kernel: `idiag_if`. */
  readonly ifindex: number;
  /** Its name; `null` when bound to none. */
  readonly interfaceName: string | null;
  /** Firewall mark. Kernel: `INET_DIAG_MARK`; absent without CAP_NET_ADMIN. */
  readonly mark: number | null;
  /** Kernel: `INET_DIAG_CGROUP_ID`; absent for TIME-WAIT, and without CONFIG_SOCK_CGROUP_DATA. */
  readonly cgroupId: bigint | null;
  /** Name of a unix socket as it is printed, an abstract one with `@`. `null` if it has none, and in other families. */
  readonly sourceName: string | null;
  /** Name of the socket at the other end, where the source of the row tells it. */
  readonly destinationName: string | null;
  /** The file that a unix socket is bound to; `null` or absent for none, and where it is not known. */
  readonly sourceFile?: FileIdentity | null;
  /** The same of the socket at the other end. */
  readonly destinationFile?: FileIdentity | null;
  /** Of the socket's own namespace. */
  readonly localPortRange: LocalPortRange;
  /** Inode; `null` when no descriptor leads to the socket. */
  readonly inode: number | null;
  readonly netns: Netns | null;

  /** The owners. Known after the owner pass. */
  readonly pids: readonly number[];
  /** comm of each owner, and the last part of its program's path. Known after the owner pass, with process details. */
  readonly processNames: readonly string[];
  /** Who made the socket, and who runs its owners. Known after the owner pass, with process details. */
  readonly users: readonly FilterUser[];
  /** How many owners it has. Known after the owner pass. */
  readonly ownerCount: number;
  /** How far the socket can be reached. Known when the addresses of the interfaces are. */
  readonly reachScope: Scope;
  /** Absent where a row is judged before it is decoded: conditions on these are for later. */
  readonly facts?: SocketFacts;
}
