/**
 * Rows of the UDP, UDP-Lite and raw tables.
 *
 * @module
 */
import { AF_INET } from "../../../ffi/socket.ts";
import type { InetMessage } from "../../families/inet/message.ts";
import { TCP_CLOSE, TCP_ESTABLISHED } from "../../model/state.ts";
import { type FormatRow, internetCells, tailCells, timerText } from "./internet_row.ts";
import { wanted } from "./layout.ts";

/** True when there is no remote address, which for netstat makes a datagram socket a server. */
export function hasNoPeer(message: InetMessage): boolean {
  const words = message.family === AF_INET ? 1 : 4;
  for (let i = 0; i < words; i++) if (message.destinationWord(i) !== 0) return false;
  return true;
}

/** Timers of sockets that have none: the tables have the columns all the same. */
export function datagramTimer(message: InetMessage, retransmits: number, probes: number): string {
  const { timer } = message;
  if (timer === 0) return timerText("off", 0, retransmits, probes);
  const name = timer <= 2 ? `on${timer}` : `unkn-${timer}`;
  return timerText(name, message.expiresMs, retransmits, probes);
}

/** A row of UDP or UDP-Lite, whose ports both go by the names of UDP. */
export const udpRow: FormatRow = (message, label, facts, layout, names) => {
  if (!wanted(hasNoPeer(message), layout)) return null;
  const { state } = message;
  const word = state === TCP_ESTABLISHED ? "ESTABLISHED" : state === TCP_CLOSE ? "" : "UNKNOWN";
  const cells = internetCells(message, label, "udp", word, message.sendQueue, layout, names);
  const timer = () => datagramTimer(message, 0, facts.probes);
  return cells + tailCells(message.uid, message.inode, timer, layout, names);
};

/** A raw row: the protocol stands where the port does, and the state is a number. */
export const rawRow: FormatRow = (message, label, facts, layout, names) => {
  if (!wanted(hasNoPeer(message), layout)) return null;
  const state = String(message.state);
  const cells = internetCells(message, label, "raw", state, message.sendQueue, layout, names);
  const timer = () => datagramTimer(message, facts.retransmits, facts.probes);
  return cells + tailCells(message.uid, message.inode, timer, layout, names);
};
