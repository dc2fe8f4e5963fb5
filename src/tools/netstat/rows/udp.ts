/**
 * The rows of the UDP, UDP-Lite and raw tables.
 *
 * @module
 */
import { AF_INET } from "../../../../ffi/socket.ts";
import type { InetMessage } from "../../../families/inet/message.ts";
import { TCP_CLOSE, TCP_ESTABLISHED } from "../../../model/state.ts";
import { type RowFormat, timerText, writeCells, writeTail } from "./internet.ts";
import { type NetstatLayout, wanted } from "../layout.ts";

/** True when the socket has no remote address. Such a datagram socket is a server for netstat. */
function hasNoPeer(message: InetMessage): boolean {
  const words = message.family === AF_INET ? 1 : 4;
  for (let i = 0; i < words; i++) if (message.destinationWord(i) !== 0) return false;
  return true;
}

/** The timer cell. These sockets have no timers, but their tables have the columns. */
function datagramTimer(message: InetMessage, retransmits: number, probes: number): string {
  const { timer } = message;
  if (timer === 0) return timerText("off", 0, retransmits, probes);
  const name = timer <= 2 ? `on${timer}` : `unkn-${timer}`;
  return timerText(name, message.expiresMs, retransmits, probes);
}

function wants(message: InetMessage, layout: NetstatLayout): boolean {
  return wanted(hasNoPeer(message), layout);
}

/** Rows of UDP and UDP-Lite. The ports of both have the service names of UDP. */
export const udpRows: RowFormat = {
  wants,
  write(message, label, facts, context) {
    const { state } = message;
    const word = state === TCP_ESTABLISHED ? "ESTABLISHED" : state === TCP_CLOSE ? "" : "UNKNOWN";
    writeCells(context, message, label, "udp", word, message.sendQueue);
    const timer = () => datagramTimer(message, 0, facts.probes);
    writeTail(context, message.uid, message.inode, timer);
  },
};

/** Raw rows. They show the protocol instead of the port, and the state as a number. */
export const rawRows: RowFormat = {
  wants,
  write(message, label, facts, context) {
    writeCells(context, message, label, "raw", String(message.state), message.sendQueue);
    const timer = () => datagramTimer(message, facts.retransmits, facts.probes);
    writeTail(context, message.uid, message.inode, timer);
  },
};
