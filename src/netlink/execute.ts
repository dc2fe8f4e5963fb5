/**
 * Acknowledged requests.
 *
 * @module
 */
import { ENOBUFS } from "../../ffi/errno.ts";
import { stamp } from "./builder.ts";
import type { NetlinkSocket } from "./connection.ts";
import { NetlinkError, verdict } from "./error.ts";
import { NLMSG_ERROR, NLMSG_MIN_TYPE, NLMSG_OVERRUN } from "./header.ts";
import { DatagramReceiver } from "./receiver.ts";
import { nextSequence } from "./sequence.ts";

/**
 * Sends a request that carries NLM_F_ACK and waits for its acknowledgement. Messages that come before it go to
 * `onMessage`. Throws {@linkcode NetlinkError} when the kernel refuses.
 *
 * ```ts
 * import { Connection, execute, MessageBuilder, NETLINK_ROUTE, NLM_F_ACK, NLM_F_REQUEST } from "./src/netlink/mod.ts";
 *
 * const RTM_GETLINK = 18;
 * const LOOPBACK = 1;
 * const route = new Connection(NETLINK_ROUTE);
 * const request = new MessageBuilder(RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK)
 *   .u32(0).u32(LOOPBACK).u32(0).u32(0) // struct ifinfomsg
 *   .finish();
 * execute(route, request, "look at lo", (view, start) => {
 *   console.log(view.getInt32(start + 4, true)); // → 1
 * });
 * route.close();
 * ```
 */
export function execute(
  socket: NetlinkSocket,
  request: Uint8Array,
  operation: string,
  onMessage: (view: DataView, start: number, end: number, type: number) => void = () => {},
): void {
  const sequence = nextSequence();
  stamp(request, sequence, socket.portId);
  socket.send(request);
  const receiver = new DatagramReceiver(socket, operation);
  for (;;) {
    const message = receiver.next();
    while (message.next()) {
      if (message.sequence !== sequence || message.portId !== socket.portId) continue;
      if (message.type === NLMSG_OVERRUN) throw new NetlinkError(operation, ENOBUFS);
      if (message.type === NLMSG_ERROR) {
        const error = verdict(message, operation);
        if (error !== null) throw error;
        return;
      }
      if (message.type >= NLMSG_MIN_TYPE) {
        onMessage(message.view, message.start, message.end, message.type);
      }
    }
  }
}
