/**
 * The rows of the TCP table.
 *
 * @module
 */
import { TCP_LISTEN } from "../../../model/state.ts";
import { type RowFormat, timerText, writeCells, writeTail } from "./internet.ts";
import { wanted } from "../layout.ts";

/** State names by the kernel's number. */
export const TCP_STATES: readonly string[] = [
  "",
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
  // What /proc calls SYN_RECV.
  "SYN_RECV",
];

const TIMERS = ["off", "on", "keepalive", "timewait", "probe"];

/** TCP rows. For netstat a socket without a remote port is a server, whatever its state. */
export const tcpRows: RowFormat = {
  wants: (message, layout) => wanted(message.destinationPort === 0, layout),
  write(message, label, facts, context) {
    const { state, timer } = message;
    // For a listener sock_diag says here how long its queue may get. /proc says 0, and scripts sum this column.
    const sendQueue = state === TCP_LISTEN ? 0 : message.sendQueue;
    writeCells(context, message, label, "tcp", TCP_STATES[state] ?? "UNKNOWN", sendQueue);
    writeTail(context, message.uid, message.inode, () =>
      timerText(
        TIMERS[timer] ?? `unkn-${timer}`,
        timer === 0 ? 0 : message.expiresMs,
        facts.retransmits,
        facts.probes,
      ));
  },
};
