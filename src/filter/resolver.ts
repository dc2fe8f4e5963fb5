/**
 * FilterResolver: turns names in a filter into numbers. A parser itself reads no files and asks no servers.
 *
 * @module
 */
import type { FileIdentity } from "../model/socket.ts";

/** Looks names up. The answer for an unknown name is `undefined` or an empty list. */
export interface FilterResolver {
  /**
   * Port of a service in host order, from /etc/services, for the given protocols (only `tcp` and `udp` have services).
   * `ambiguous` if it has different ports in them.
   */
  port(service: string, tables: readonly string[]): number | "ambiguous" | undefined;
  /** Addresses of a host, 4 or 16 bytes each, IPv4 first. `family` is AF_INET, AF_INET6 or AF_UNSPEC for both. */
  addresses(host: string, family: number): readonly Uint8Array[];
  /** Index of an interface in the namespace that is looked at. */
  interfaceIndex(name: string): number | undefined;
  /** Inode number of a cgroup2 directory, given by its path in the hierarchy or in the file system. */
  cgroupId(path: string): bigint | undefined;
  /** Ethernet protocol number in host order: `ip`, `arp`. */
  linkProtocol(name: string): number | undefined;
  /** Netlink protocol number: `rtnl`, `tcpdiag`. */
  netlinkProtocol(name: string): number | undefined;
  /** True for text that a family without addresses of its own in filters prints as an endpoint. Absent: there is none. */
  isPrinted?(text: string): boolean;
  /** The file of a unix socket that a path leads to in our own view, through links and mounts. */
  socketFile(path: string): FileIdentity | undefined;
}

/** Knows no names: for expressions that need none. */
export const NO_NAMES: FilterResolver = {
  port: () => undefined,
  addresses: () => [],
  interfaceIndex: () => undefined,
  cgroupId: () => undefined,
  linkProtocol: () => undefined,
  netlinkProtocol: () => undefined,
  socketFile: () => undefined,
};
