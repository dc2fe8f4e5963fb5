/**
 * Rows of the internet tables: what TCP, UDP and raw sockets share.
 *
 * @module
 */
import type { InetMessage } from "../../families/inet/message.ts";
import { type NetstatLayout, type NetstatNames, ownerCell } from "./layout.ts";

/** What the kernel's message of a socket does not hold, or holds differently from /proc. */
export interface TimerFacts {
  /** Retransmits, whatever the timer. */
  readonly retransmits: number;
  /** Probes without answer. */
  readonly probes: number;
}

/** Formats a row without its newline; `null` when the options do not want the socket. */
export type FormatRow = (
  message: InetMessage,
  label: string,
  facts: TimerFacts,
  layout: NetstatLayout,
  names: NetstatNames,
) => string | null;

/** Both addresses of a row together with their ports may take so many columns before they are cut. */
const ADDRESS_WIDTH = 23;

/** Text of an address in an IPv4 or IPv6 row: an IPv4 address that is mapped into IPv6 is shown as what it is. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** `address:port`, cut to 22 characters beside the colon unless the layout is wide: the port to 18, the address to the rest. */
export function endpoint(host: string, port: string, wide: boolean): string {
  const room = ADDRESS_WIDTH - 1;
  if (wide || host.length + port.length <= room) return `${host}:${port}`;
  const cut = port.slice(0, room - 4);
  return `${host.slice(0, room - cut.length)}:${cut}`;
}

/** The cells from queues to state. `protocol` is what ports are named by. */
export function internetCells(
  message: InetMessage,
  label: string,
  protocol: string,
  state: string,
  sendQueue: number,
  layout: NetstatLayout,
  names: NetstatNames,
): string {
  const local = endpoint(
    names.host(message.source),
    names.port(message.sourcePort, protocol),
    layout.wide,
  );
  const foreign = endpoint(
    names.host(message.destination),
    names.port(message.destinationPort, protocol),
    layout.wide,
  );
  const received = String(message.receiveQueue).padStart(6);
  const sent = String(sendQueue).padStart(6);
  return `${label.padEnd(5)} ${received} ${sent} ${local.padEnd(ADDRESS_WIDTH)} ${
    foreign.padEnd(ADDRESS_WIDTH)
  } ${state.padEnd(11)}`;
}

/** The cells after the state, those that the options ask for. `timer` is not called without `-o`. */
export function tailCells(
  uid: number,
  inode: number,
  timer: () => string,
  layout: NetstatLayout,
  names: NetstatNames,
): string {
  const extended = layout.extended
    ? ` ${names.user(uid).padEnd(10)} ${String(inode).padEnd(10)}`
    : "";
  return `${extended}${ownerCell(inode, layout, names)}${layout.timers ? ` ${timer()}` : ""}`;
}

/** `name (seconds/retransmits/probes)`. The kernel's tables count time in hundredths of a second, and so do we. */
export function timerText(
  name: string,
  expiresMs: number,
  retransmits: number,
  probes: number,
): string {
  return `${name} (${(Math.floor(expiresMs / 10) / 100).toFixed(2)}/${retransmits}/${probes})`;
}
