/**
 * Ephemeral: how many of the ports that the kernel hands out by itself are taken.
 *
 * @module
 */
import type { PortRange } from "./port_range.ts";
import type { Process } from "./owner.ts";
import type { Transport } from "./socket.ts";

/** How many ports processes have taken. */
export interface PortShare {
  readonly process: Process;
  readonly ports: number;
}

/** The ports that are taken towards one destination. */
export interface Destination {
  /** `null`: sockets that are bound and not connected. */
  readonly peer: { readonly address: string; readonly port: number } | null;
  /** Different local ports. */
  readonly ports: number;
  /** Those of processes that are seen, the most first. */
  readonly shares: readonly PortShare[];
}

/** One local address, and what it has taken. */
export interface EphemeralUse {
  readonly transport: Transport;
  readonly address: string;
  /** Different local ports that are taken, whatever they are connected to. Connections that are over for a minute count too. */
  readonly ports: number;
  /** How many of those are in TIME-WAIT alone. */
  readonly timeWait: number;
  /** The destinations with the most, the most first. */
  readonly destinations: readonly Destination[];
  readonly otherDestinations: number;
}

/** See the module. */
export interface EphemeralReport {
  readonly range: PortRange;
  /** How many ports the kernel hands out: those of the range that are not reserved. */
  readonly size: number;
  /** Different ones that are taken on any of the addresses. */
  readonly taken: number;
  readonly uses: readonly EphemeralUse[];
}
