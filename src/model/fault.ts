/**
 * Fault: a sign that something is wrong with a service, with its figures.
 *
 * @module
 */
import type { Process } from "./owner.ts";

/** How many connections one process has. */
export interface ConnectionShare {
  readonly process: Process;
  readonly connections: number;
}

/** A receive buffer is as good as full from this share on: the next datagram may not fit. */
const FULL = 0.9;

/** True if the next datagram may find no room. `limit`: bytes. */
export function isFull(bytes: number, limit: number): boolean {
  return limit > 0 && bytes >= FULL * limit;
}

/** See the module. */
export type Fault =
  /** Connections found a full accept queue, of any listener of the network namespace, since that began. Kernel: ListenOverflows. */
  | { readonly kind: "listen_overflows"; readonly count: number }
  /** Datagrams were dropped before the process read them. Kernel: sk_drops. */
  | { readonly kind: "datagrams_dropped"; readonly count: number }
  /** The receive buffer is full now. Kernel: sk_rmem_alloc, sk_rcvbuf, in bytes. */
  | { readonly kind: "receive_buffer_full"; readonly bytes: number; readonly limit: number }
  /**
   * Peers have closed, and the process has not. `silentMs`: for how long the one that is silent longest has received nothing;
   * `null` where the kernel does not tell.
   */
  | {
    readonly kind: "close_wait";
    readonly count: number;
    readonly silentMs: number | null;
    readonly processes: readonly Process[];
  }
  /** Processes hold sockets that are neither bound nor connected, and so in no table. `protocols`: the kernel's names. */
  | {
    readonly kind: "leaked";
    readonly count: number;
    readonly protocols: readonly string[];
    readonly processes: readonly Process[];
  }
  /** Processes with sockets of their own on one address have very different numbers of connections. */
  | {
    readonly kind: "uneven";
    readonly most: ConnectionShare;
    readonly least: ConnectionShare;
  };
