/**
 * Ports that the kernel leaves out when it picks one. Kernel: net.ipv4.ip_local_reserved_ports, of one network namespace.
 *
 * @module
 */
import type { ProcRoot } from "./root.ts";

/** Inclusive. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The ranges of the namespace that we are in; none where /proc does not tell. */
export function readReservedPorts(root: ProcRoot): PortRange[] {
  const text = root.text("sys/net/ipv4/ip_local_reserved_ports") ?? "";
  return [...text.matchAll(/(\d{1,5})(?:-(\d{1,5}))?/g)].map(([, first, last]) => ({
    first: Number(first),
    last: Number(last ?? first),
  }));
}
