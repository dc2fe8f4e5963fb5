/**
 * Snapshot: one complete answer: host, time, sockets and gaps.
 *
 * @module
 */
import type { Gap } from "./gap.ts";
import type { PortRange } from "./port_range.ts";
import type { Socket } from "./socket.ts";
import type { Sockets } from "./sockets.ts";

/** The machine that an answer is about. */
export interface Host {
  readonly name: string;
  /** /proc/sys/kernel/random/boot_id, which changes at every boot. */
  readonly bootId: string | null;
  /** The release, as in `uname -r`. */
  readonly kernel: string;
  /** The network namespace that this program ran in, which counts as the host's own. `null` if /proc does not say. */
  readonly netns: number | null;
  /**
   * Ports that the kernel picks by itself in that namespace. Kernel: net.ipv4.ip_local_port_range, which is valid for IPv6
   * too. `null` if it cannot be read.
   */
  readonly ephemeralPorts: PortRange | null;
}

/** Sockets, and the gaps in them. */
export interface Snapshot<Form extends Sockets = readonly Socket[]> {
  readonly host: Host;
  /** Milliseconds since the epoch. */
  readonly takenAtMs: number;
  readonly gaps: readonly Gap[];
  readonly sockets: Form;
}
