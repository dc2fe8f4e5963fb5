/**
 * FilterResolver: how names in a filter become numbers. A parser reads no file and asks no server by itself.
 *
 * @module
 */

/** Looks names up. Each answers `undefined`, or nothing, for a name it does not know. */
export interface FilterResolver {
  /**
   * Port of a service in host order, as /etc/services has it for the given tables (`tcp`, `udp`; other tables have no
   * services). `ambiguous` when the tables disagree.
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
}

/** Knows no name: for expressions that need none. */
export const NO_NAMES: FilterResolver = {
  port: () => undefined,
  addresses: () => [],
  interfaceIndex: () => undefined,
  cgroupId: () => undefined,
  linkProtocol: () => undefined,
  netlinkProtocol: () => undefined,
};
