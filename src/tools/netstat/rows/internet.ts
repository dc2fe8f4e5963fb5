/**
 * The rows of the internet tables: what TCP, UDP and raw sockets have in common.
 *
 * @module
 */
import { AF_INET } from "../../../../ffi/socket.ts";
import type { InetRow } from "../../../store/inet_row.ts";
import { mappedIpv4 } from "../../../model/endpoint.ts";
import type { RowBuffer } from "../../../text/row_buffer.ts";
import { type NetstatLayout, type NetstatNames, writeOwner } from "../layout.ts";

/** What /proc says of a timer, and the kernel's socket does not. */
export interface TimerFacts {
  /** Retransmits, whichever timer runs. */
  readonly retransmits: number;
  /** Unanswered probes. */
  readonly probes: number;
}

/** What rows are written with. */
export interface RowContext {
  readonly row: RowBuffer;
  readonly layout: NetstatLayout;
  readonly names: NetstatNames;
}

/** How the rows of a table are written. */
export interface RowFormat {
  /** True when the options ask for the socket. */
  wants(socket: InetRow, layout: NetstatLayout): boolean;
  /** Writes the row of the socket with its newline. */
  write(socket: InetRow, label: string, facts: TimerFacts, context: RowContext): void;
}

const BLANK = 0x20;
const COLON = 0x3a;
/** Width of the column of an address with its port. */
const ENDPOINT_WIDTH = 23;
/** Columns for the address and the port without the colon between them. */
const ROOM = ENDPOINT_WIDTH - 1;
/** The address keeps this many columns, however long the port is. */
const ADDRESS_LEAST = 4;

/** Text of an address in an IPv4 or IPv6 row: an IPv4 address that is mapped into IPv6 is shown as what it is. */
export function plainAddress(address: string): string {
  return mappedIpv4(address) ?? address;
}

/** `address:port`. Unless `wide`, it is cut to fit its column: the port to 18 characters, the address to the rest. */
export function endpoint(host: string, port: string, wide: boolean): string {
  if (wide || host.length + port.length <= ROOM) return `${host}:${port}`;
  const cut = port.slice(0, ROOM - ADDRESS_LEAST);
  return `${host.slice(0, ROOM - cut.length)}:${cut}`;
}

function writeEndpoint(
  context: RowContext,
  socket: InetRow,
  local: boolean,
  protocol: string,
): void {
  const { row, names } = context;
  const start = row.length;
  const port = local ? socket.sourcePort : socket.destinationPort;
  if (names.numeric && socket.family === AF_INET) {
    // Most rows come here. They are never long enough to be cut.
    row.ipv4(local ? socket.sourceWord(0) : socket.destinationWord(0));
    row.byte(COLON);
    if (port === 0) row.byte(0x2a);
    else row.decimal(port);
  } else {
    const host = names.host(local ? socket.source : socket.destination);
    row.text(endpoint(host, names.port(port, protocol), context.layout.wide));
  }
  row.pad(start, ENDPOINT_WIDTH);
}

/** Writes the cells from the label to the state. `protocol` is the one that ports are looked up by. */
export function writeCells(
  context: RowContext,
  socket: InetRow,
  label: string,
  protocol: string,
  state: string,
  sendQueue: number,
): void {
  const { row } = context;
  row.left(label, 6);
  row.right(socket.receiveQueue, 6);
  row.byte(BLANK);
  row.right(sendQueue, 6);
  row.byte(BLANK);
  writeEndpoint(context, socket, true, protocol);
  row.byte(BLANK);
  writeEndpoint(context, socket, false, protocol);
  row.byte(BLANK);
  row.left(state, 11);
}

/** Writes the cells after the state that the options ask for, and ends the row. Without `-o`, `timer` is not called. */
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

/** `name (seconds/retransmits/probes)`. Like the kernel's tables it counts time in hundredths of a second. */
export function timerText(
  name: string,
  expiresMs: number,
  retransmits: number,
  probes: number,
): string {
  return `${name} (${(Math.floor(expiresMs / 10) / 100).toFixed(2)}/${retransmits}/${probes})`;
}
