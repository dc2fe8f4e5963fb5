/**
 * Settings of a network namespace that decide about ports.
 *
 * @module
 */
import type { ProcRoot } from "../proc/root.ts";
import {
  readLocalPortRange,
  readReservedPorts,
  readUnprivilegedPortStart,
} from "../proc/sysctl.ts";
import type { PortRange } from "../model/port_range.ts";

/** Settings about ports of the namespace that the thread was in when they were read. */
export interface PortSettings {
  /** Kernel: net.ipv4.ip_local_port_range. */
  readonly ephemeral: readonly [first: number, last: number] | null;
  /** Kernel: net.ipv4.ip_local_reserved_ports. */
  readonly reserved: readonly PortRange[];
  /** Kernel: net.ipv4.ip_unprivileged_port_start. */
  readonly unprivilegedStart: number | null;
}

/** Reads the settings of the namespace that this thread is in. */
export function readPortSettings(root: ProcRoot): PortSettings {
  const range = readLocalPortRange(root);
  return {
    ephemeral: range === null ? null : [range.first, range.last],
    reserved: readReservedPorts(root),
    unprivilegedStart: readUnprivilegedPortStart(root),
  };
}
