/**
 * PortRange: a range of port numbers.
 *
 * @module
 */

/** An inclusive range of ports. A single port is a range of itself. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The range that Linux picks ports from by default. Kernel: inet_init_net(), net/ipv4/af_inet.c. */
export const DEFAULT_LOCAL_PORTS: PortRange = { first: 32768, last: 60999 };

/** True if one of the ranges contains the port. */
export function hasPort(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some(({ first, last }) => first <= port && port <= last);
}
