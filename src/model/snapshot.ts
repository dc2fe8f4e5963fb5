/**
 * Snapshot: the whole of one answer.
 *
 * @module
 */
import type { Gap } from "./gap.ts";
import type { Socket } from "./socket.ts";

/** The machine an answer is about. */
export interface Host {
  readonly name: string;
  /** /proc/sys/kernel/random/boot_id: tells two runs of one host from before and after a restart. */
  readonly bootId: string | null;
  /** Release, as `uname -r`. */
  readonly kernel: string;
}

/** Sockets, and what is missing from them. */
export interface Snapshot {
  readonly host: Host;
  /** Milliseconds since the epoch. */
  readonly takenAtMs: number;
  readonly gaps: readonly Gap[];
  readonly sockets: readonly Socket[];
}
