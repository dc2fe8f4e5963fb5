/**
 * The rows of the UDP, UDP-Lite and raw tables.
 *
 * @module
 */
import { AF_INET } from "../../../../ffi/socket.ts";
import type { InetRow } from "../../../store/inet_row.ts";
import { TCP_CLOSE, TCP_ESTABLISHED } from "../../../model/state.ts";
import { type RowFormat, timerText, writeCells, writeTail } from "./internet.ts";
import { type NetstatLayout, wanted } from "../layout.ts";

/** True when the socket has no remote address. Such a datagram socket is a server for netstat. */
function hasNoPeer(socket: InetRow): boolean {
  const words = socket.family === AF_INET ? 1 : 4;
  for (let i = 0; i < words; i++) if (socket.destinationWord(i) !== 0) return false;
  return true;
}

/** The timer cell. These sockets have no timers, but their tables have the columns. */
function datagramTimer(socket: InetRow, retransmits: number, probes: number): string {
  const { timer } = socket;
  if (timer === 0) return timerText("off", 0, retransmits, probes);
  const name = timer <= 2 ? `on${timer}` : `unkn-${timer}`;
  return timerText(name, socket.expiresMs, retransmits, probes);
}

function wants(socket: InetRow, layout: NetstatLayout): boolean {
  return wanted(hasNoPeer(socket), layout);
}

/** Rows of UDP and UDP-Lite. The ports of both have the service names of UDP. */
export const udpRows: RowFormat = {
  wants,
  write(socket, label, facts, context) {
    const { state } = socket;
    const word = state === TCP_ESTABLISHED ? "ESTABLISHED" : state === TCP_CLOSE ? "" : "UNKNOWN";
    writeCells(context, socket, label, "udp", word, socket.sendQueue);
    const timer = () => datagramTimer(socket, 0, facts.probes);
    writeTail(context, socket.uid, socket.inode, timer);
  },
};

/** Raw rows. They show the protocol instead of the port, and the state as a number. */
export const rawRows: RowFormat = {
  wants,
  write(socket, label, facts, context) {
    writeCells(context, socket, label, "raw", String(socket.state), socket.sendQueue);
    const timer = () => datagramTimer(socket, facts.retransmits, facts.probes);
    writeTail(context, socket.uid, socket.inode, timer);
  },
};
