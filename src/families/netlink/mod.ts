/**
 * The netlink family: sockets between the kernel and processes.
 *
 * @module
 */
import type { Socket } from "../../model/socket.ts";
import { stateMask, stateNumber, TCP_CLOSE, TCP_ESTABLISHED } from "../../model/state.ts";
import { NETLINK_SOCK_DIAG } from "../../netlink/connection.ts";
import type { Query } from "../../query.ts";
import type { DiagRequest, Family } from "../family.ts";
import { readAttributes } from "./attributes.ts";
import { netlinkEndpoint } from "./endpoint.ts";
import { NetlinkMessage } from "./message.ts";
import { netlinkProcTable } from "./proc.ts";
import { dumpRequest } from "./request.ts";
import { netlinkSocket } from "./socket.ts";
import { NDIAG_SHOW_FLAGS, NDIAG_SHOW_GROUPS, NDIAG_SHOW_MEMINFO } from "./uapi.ts";

const SHOW = NDIAG_SHOW_GROUPS | NDIAG_SHOW_MEMINFO;

/** One that is connected can still be sent to. */
const STATES = stateMask(TCP_CLOSE, TCP_ESTABLISHED);

function requests(query: Query): DiagRequest[] {
  if (!query.families.has("netlink") || query.ports !== null) return [];
  const states = query.states ?? STATES;
  const message = new NetlinkMessage();
  const wanted = (socket: Socket) => (states & 1 << (stateNumber(socket.state) ?? 0)) !== 0;
  return [{
    label: "netlink",
    message: dumpRequest(query.info ? SHOW | NDIAG_SHOW_FLAGS : SHOW),
    table: netlinkProcTable,
    // One that has joined a group comes once for its port and once for its groups.
    repeats: true,
    decode(view, start, end, context) {
      message.at(view, start, end);
      if (message.protocol === NETLINK_SOCK_DIAG && message.portId === context.ownPortId) {
        return null;
      }
      const socket = netlinkSocket(message, context);
      return wanted(socket) ? socket : null;
    },
    info: (view, start, end) => readAttributes(message.at(view, start, end).attributes()),
  }];
}

/** The netlink family. */
export const netlink: Family = {
  name: "netlink",
  label: () => "netlink",
  endpoint: netlinkEndpoint,
  requests,
};
