/**
 * The unix family: stream, datagram and seqpacket sockets between processes of one host.
 *
 * @module
 */
import type { Socket } from "../../model/socket.ts";
import { ALL_STATES, stateNumber } from "../../model/state.ts";
import type { Query } from "../../query.ts";
import type { DiagRequest, Family } from "../family.ts";
import { readAttributes } from "./attributes.ts";
import { unixEndpoint } from "./endpoint.ts";
import { UnixMessage } from "./message.ts";
import { unixProcTable } from "./proc.ts";
import { dumpRequest } from "./request.ts";
import { unixSocket } from "./socket.ts";
import * as uapi from "./uapi.ts";

const SHOW = uapi.UDIAG_SHOW_NAME | uapi.UDIAG_SHOW_PEER | uapi.UDIAG_SHOW_RQLEN |
  uapi.UDIAG_SHOW_ICONS | uapi.UDIAG_SHOW_UID;
const SHOW_INFO = uapi.UDIAG_SHOW_VFS | uapi.UDIAG_SHOW_MEMINFO;

function requests(query: Query): DiagRequest[] {
  if (!query.families.has("unix")) return [];
  const message = new UnixMessage();
  return [{
    label: "unix",
    // All states, even if only some are wanted: the peers of wanted sockets may have others. `shows` leaves these out.
    message: dumpRequest(ALL_STATES, query.info ? SHOW | SHOW_INFO : SHOW),
    table: unixProcTable,
    decode: (view, start, end, context) => unixSocket(message.at(view, start, end), context),
    info: (view, start, end) => readAttributes(message.at(view, start, end).attributes()),
  }];
}

function shows(socket: Socket, query: Query): boolean {
  // There are no ports here.
  if (query.ports !== null) return false;
  if (query.states !== null) {
    return (query.states & 1 << (stateNumber(socket.state) ?? 0)) !== 0;
  }
  // What can be talked to: a listener, and a datagram socket that has a name and no peer. The state of the latter does not
  // tell, since it is ESTABLISHED at both ends as soon as one connects.
  if (socket.state === "listen") return true;
  return socket.type === "dgram" && socket.peer === null && "path" in socket.local &&
    (socket.local.path !== null || socket.local.name !== null);
}

/** The unix family. */
export const unix: Family = {
  name: "unix",
  label: ({ transport }) => `unix-${transport}`,
  endpoint: unixEndpoint,
  requests,
  shows,
};
