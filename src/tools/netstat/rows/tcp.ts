/**
 * The rows of the TCP table.
 *
 * @module
 */
import { netstatStateName, TCP_LISTEN } from "../../../model/state.ts";
import { netstatTimerName } from "../../../model/timer.ts";
import { type RowFormat, timerText, writeCells, writeTail } from "./internet.ts";
import { wanted } from "../layout.ts";

/** TCP rows. For netstat a socket without a remote port is a server, whatever its state. */
export const tcpRows: RowFormat = {
  wants: (message, layout) => wanted(message.destinationPort === 0, layout),
  write(message, label, facts, context) {
    const { state, timer } = message;
    // For a listener sock_diag says here how long its queue may get. /proc says 0, and scripts sum this column.
    const sendQueue = state === TCP_LISTEN ? 0 : message.sendQueue;
    writeCells(context, message, label, "tcp", netstatStateName(state), sendQueue);
    writeTail(context, message.uid, message.inode, () =>
      timerText(
        netstatTimerName(timer),
        timer === 0 ? 0 : message.expiresMs,
        facts.retransmits,
        facts.probes,
      ));
  },
};
