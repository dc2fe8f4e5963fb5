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
  wants: (socket, layout) => wanted(socket.destinationPort === 0, layout),
  write(socket, label, facts, context) {
    const { state, timer } = socket;
    // For a listener sock_diag says here how long its queue may get. /proc says 0, and scripts sum this column.
    const sendQueue = state === TCP_LISTEN ? 0 : socket.sendQueue;
    writeCells(context, socket, label, "tcp", netstatStateName(state), sendQueue);
    writeTail(context, socket.uid, socket.inode, () =>
      timerText(
        netstatTimerName(timer),
        timer === 0 ? 0 : socket.expiresMs,
        facts.retransmits,
        facts.probes,
      ));
  },
};
