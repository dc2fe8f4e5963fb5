/**
 * Rows of the internet tables: what TCP, UDP and raw sockets share.
 *
 * @module
 */
import { AF_INET } from "../../../../ffi/socket.ts";
import type { InetMessage } from "../../../families/inet/message.ts";
import { mappedIpv4 } from "../../../model/endpoint.ts";
import type { RowBuffer } from "../../../text/row_buffer.ts";
import { type NetstatLayout, type NetstatNames, writeOwner } from "../layout.ts";

/** What the kernel's message of a socket does not hold, or holds differently from /proc. */
export interface TimerFacts {
  /** Retransmits, whatever the timer. */
  readonly retransmits: number;
  /** Probes without answer. */
  readonly probes: number;
}

/** What rows are made with. */
export interface RowContext {
  readonly row: RowBuffer;
  readonly layout: NetstatLayout;
  readonly names: NetstatNames;
}

/** How the rows of a table are made. */
export interface RowFormat {
  /** True when the options want the socket. */
  wants(message: InetMessage, layout: NetstatLayout): boolean;
  /** Writes its row with the newline. */
  write(message: InetMessage, label: string, facts: TimerFacts, context: RowContext): void;
}

const BLANK = 0x20;
const COLON = 0x3a;
/** Width of an address with its port. Both together may take one less beside their colon before they are cut. */
const ENDPOINT_WIDTH = 23;
const ROOM = ENDPOINT_WIDTH - 1;
/** The address keeps so many columns, whatever the port. */
const ADDRESS_LEAST = 4;

/** Text of an address in an IPv4 or IPv6 row: an IPv4 address that is mapped into IPv6 is shown as what it is. */
export function plainAddress(address: string): string {
  return mappedIpv4(address) ?? address;
}

/** `address:port`, cut to fit its column: the port to 18, the address to the rest. */
export function endpoint(host: string, port: string, wide: boolean): string {
  if (wide || host.length + port.length <= ROOM) return `${host}:${port}`;
  const cut = port.slice(0, ROOM - ADDRESS_LEAST);
  return `${host.slice(0, ROOM - cut.length)}:${cut}`;
}

function writeEndpoint(
  context: RowContext,
  message: InetMessage,
  local: boolean,
  protocol: string,
): void {
  const { row, names } = context;
  const start = row.length;
  const port = local ? message.sourcePort : message.destinationPort;
  if (names.numeric && message.family === AF_INET) {
    // Most rows. Nothing here is long enough to be cut.
    row.ipv4(local ? message.sourceWord(0) : message.destinationWord(0));
    row.byte(COLON);
    if (port === 0) row.byte(0x2a);
    else row.decimal(port);
  } else {
    const host = names.host(local ? message.source : message.destination);
    row.text(endpoint(host, names.port(port, protocol), context.layout.wide));
  }
  row.pad(start, ENDPOINT_WIDTH);
}

/** Writes the cells from label to state. `protocol` is what ports are named by. */
export function writeCells(
  context: RowContext,
  message: InetMessage,
  label: string,
  protocol: string,
  state: string,
  sendQueue: number,
): void {
  const { row } = context;
  row.left(label, 6);
  row.right(message.receiveQueue, 6);
  row.byte(BLANK);
  row.right(sendQueue, 6);
  row.byte(BLANK);
  writeEndpoint(context, message, true, protocol);
  row.byte(BLANK);
  writeEndpoint(context, message, false, protocol);
  row.byte(BLANK);
  row.left(state, 11);
}

/** Writes the cells after the state, those that the options ask for, and ends the row. `timer` is not called without `-o`. */
export function writeTail(
  context: RowContext,
  uid: number,
  inode: number,
  timer: () => string,
): void {
  const { row, layout, names } = context;
  if (layout.extended) {
    row.byte(BLANK);
    row.left(names.user(uid), 10);
    row.byte(BLANK);
    const start = row.length;
    row.decimal(inode);
    row.pad(start, 10);
  }
  writeOwner(context, inode);
  if (layout.timers) {
    row.byte(BLANK);
    row.text(timer());
  }
  row.byte(0x0a);
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
