/**
 * Snapshot: the whole of one answer.
 *
 * @module
 */
import type { Gap } from "./gap.ts";
import type { Socket } from "./socket.ts";
import type { Sockets } from "./sockets.ts";

/** The machine an answer is about. */
export interface Host {
  readonly name: string;
  /** /proc/sys/kernel/random/boot_id: tells two runs of one host from before and after a restart. */
  readonly bootId: string | null;
  /** Release, as `uname -r`. */
  readonly kernel: string;
  /** Network namespace that the answer was asked from: what counts as the host's own. `null`: /proc does not tell. */
  readonly netns: number | null;
  /**
   * Ports that the kernel hands out by itself, in that namespace. Kernel: net.ipv4.ip_local_port_range, which serves
   * IPv6 too. `null` where it cannot be read.
   */
  readonly ephemeralPorts: { readonly first: number; readonly last: number } | null;
}

/** Sockets, and what is missing from them. */
export interface Snapshot<Form extends Sockets = readonly Socket[]> {
  readonly host: Host;
  /** Milliseconds since the epoch. */
  readonly takenAtMs: number;
  readonly gaps: readonly Gap[];
  readonly sockets: Form;
}
