/**
 * The TIPC family: sockets between the nodes of a cluster.
 *
 * @module
 */
import type { Socket } from "../../model/socket.ts";
import { stateMask, TCP_CLOSE, TCP_LISTEN } from "../../model/state.ts";
import type { Query } from "../../query.ts";
import type { DiagRequest, Family } from "../family.ts";
import { readAttributes } from "./attributes.ts";
import { tipcEndpoint } from "./endpoint.ts";
import { TipcMessage } from "./message.ts";
import { tipcProcTable } from "./proc.ts";
import { dumpRequest } from "./request.ts";
import { tipcSocket } from "./socket.ts";

function requests(query: Query): DiagRequest[] {
  if (!query.families.has("tipc") || query.ports !== null) return [];
  const message = new TipcMessage();
  // An unconnected socket of a connection-oriented type cannot be talked to.
  const wanted = ({ state, type }: Socket) =>
    query.states !== null || state === "listen" || type === "dgram" || type === "rdm";
  return [{
    label: "tipc",
    message: dumpRequest(query.states ?? stateMask(TCP_LISTEN, TCP_CLOSE)),
    table: tipcProcTable,
    protocol: "TIPC",
    decode(view, start, end, context) {
      const socket = tipcSocket(message.at(view, start, end), context);
      return socket !== null && wanted(socket) ? socket : null;
    },
    info: (view, start, end) => readAttributes(message.at(view, start, end).attributes()),
  }];
}

/** The TIPC family. */
export const tipc: Family = {
  name: "tipc",
  label: ({ transport }) => `tipc-${transport}`,
  endpoint: tipcEndpoint,
  requests,
};
