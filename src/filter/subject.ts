/**
 * FilterSubject: what a filter asks of a socket. A row that still is bytes can answer most of it without being
 * decoded, so the cheap questions are plain numbers and the dear ones are getters that are asked only if needed.
 *
 * @module
 */
import type { Netns, Scope, Transport } from "../model/socket.ts";

/** Which of the four words of an address. */
export type WordIndex = 0 | 1 | 2 | 3;

/** A user, as far as known. */
export interface FilterUser {
  readonly uid: number | null;
  readonly name: string | null;
}

/** Ports that the kernel gives out by itself. Kernel: /proc/sys/net/ipv4/ip_local_port_range, of one namespace. */
export interface LocalPortRange {
  readonly first: number;
  readonly last: number;
}

/** A socket, to a filter. */
export interface FilterSubject {
  /** AF_INET and so on. A v4-mapped socket is AF_INET6. */
  readonly family: number;
  readonly transport: Transport;
  /** Kernel's number; see model/state.ts. */
  readonly stateNumber: number;
  /**
   * Port in host order. What stands for it elsewhere, as ss has it: the inode of a unix socket, the interface index of
   * a packet socket (0 for any), the port ID of a netlink socket (signed: one the kernel chose is negative), the port
   * of a vsock socket. Kernel: `idiag_sport`.
   */
  readonly sourcePort: number;
  /** The same of the peer: 0 where there is none. Kernel: `idiag_dport`. */
  readonly destinationPort: number;
  /**
   * A word of the local address, most significant byte first, signed or not. IPv4 has its address in word 0 and zeros
   * in the others; packet and netlink have their protocol there in host order, vsock its CID; unix has zeros when the
   * socket has no name and ones otherwise. Kernel: `idiag_src`.
   */
  sourceWord(index: WordIndex): number;
  /** The same of the peer. Kernel: `idiag_dst`. */
  destinationWord(index: WordIndex): number;
  /** Interface the socket is bound to, 0 for none. Kernel: `idiag_if`. */
  readonly ifindex: number;
  /** Its name; `null` when bound to none. */
  readonly interfaceName: string | null;
  /** Firewall mark. Kernel: `INET_DIAG_MARK`; absent without CAP_NET_ADMIN. */
  readonly mark: number | null;
  /** Kernel: `INET_DIAG_CGROUP_ID`; absent for TIME-WAIT, and without CONFIG_SOCK_CGROUP_DATA. */
  readonly cgroupId: bigint | null;
  /** Name of a unix socket as it is printed, an abstract one with `@`; `null` when unnamed and in other families. */
  readonly sourceName: string | null;
  /** Name of the socket at the other end, where the source of the row tells it. */
  readonly destinationName: string | null;
  /** Of the socket's own namespace. */
  readonly localPortRange: LocalPortRange;
  /** Inode; `null` when no descriptor leads to the socket. */
  readonly inode: number | null;
  readonly netns: Netns | null;

  /** Who holds the socket. Needs the owner pass. */
  readonly pids: readonly number[];
  /** comm, and last part of the program's path, of each owner. Needs the owner pass and process details. */
  readonly processNames: readonly string[];
  /** Who made the socket, and who runs its owners. Needs the owner pass and process details. */
  readonly users: readonly FilterUser[];
  /** How many processes hold the socket. Needs the owner pass. */
  readonly ownerCount: number;
  /** How far the socket can be reached. Needs the addresses of the interfaces. */
  readonly reachScope: Scope;
}
