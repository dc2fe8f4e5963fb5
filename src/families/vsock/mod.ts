/**
 * The vsock family: sockets between virtual machines and their host.
 *
 * @module
 */
import type { Socket } from "../../model/socket.ts";
import { stateMask, TCP_CLOSE, TCP_LISTEN } from "../../model/state.ts";
import type { Query } from "../../query.ts";
import { type DiagRequest, type Family, hasPort } from "../family.ts";
import { vsockEndpoint } from "./endpoint.ts";
import { VsockMessage } from "./message.ts";
import { vsockProcTable } from "./proc.ts";
import { dumpRequest } from "./request.ts";
import { vsockSocket } from "./socket.ts";

function requests(query: Query): DiagRequest[] {
  if (!query.families.has("vsock")) return [];
  const message = new VsockMessage();
  const { states, ports } = query;
  const wanted = (socket: Socket) =>
    // An unconnected stream socket cannot be talked to.
    (states !== null || socket.state === "listen" || socket.type === "dgram") &&
    (ports === null || hasPort(ports, vsockEndpoint.rank(socket.local)));
  return [{
    label: "vsock",
    message: dumpRequest(states ?? stateMask(TCP_LISTEN, TCP_CLOSE)),
    table: vsockProcTable,
    protocol: "AF_VSOCK",
    decode(view, start, end, context) {
      const socket = vsockSocket(message.at(view, start, end), context);
      return socket !== null && wanted(socket) ? socket : null;
    },
  }];
}

/** The vsock family. */
export const vsock: Family = {
  name: "vsock",
  label: ({ transport }) => `vsock-${transport}`,
  endpoint: vsockEndpoint,
  requests,
};
