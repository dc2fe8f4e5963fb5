/**
 * Peer: who is at the other end of connections.
 *
 * @module
 */
import type { Process } from "./owner.ts";

/** Who began a connection. `in`: the other end. `out`: this one. `null`: nothing that still exists tells. */
export type Direction = "in" | "out" | null;

/** What is known of one connection beyond its socket. */
export interface ConnectionEnd {
  readonly direction: Direction;
  /** Processes that hold the other end, ascending by ID; `null` where that is not a socket of this network namespace. */
  readonly peers: readonly Process[] | null;
}

/** The connections with one peer. */
export interface PeerCount {
  readonly address: string;
  /** Its port, where that is a service's; `null` where it is one of many that a client used. */
  readonly port: number | null;
  readonly count: number;
  /** Processes that hold the other ends, ascending by ID, where they are sockets of this network namespace. */
  readonly processes: readonly Process[];
}
