/**
 * The XDP family: sockets that take frames from a queue of an interface.
 *
 * @module
 */
import { stateMask, TCP_CLOSE } from "../../model/state.ts";
import type { Query } from "../../query.ts";
import type { DiagRequest, Family } from "../family.ts";
import { xdpEndpoint } from "./endpoint.ts";
import { XdpMessage } from "./message.ts";
import { xdpProcTable } from "./proc.ts";
import { dumpRequest } from "./request.ts";
import { xdpSocket } from "./socket.ts";
import { XDP_SHOW_INFO, XDP_SHOW_MEMINFO } from "./uapi.ts";

/** All of them, as they have no connections. */
const STATES = stateMask(TCP_CLOSE);

function requests(query: Query): DiagRequest[] {
  if (!query.families.has("xdp") || query.ports !== null) return [];
  if (((query.states ?? STATES) & STATES) === 0) return [];
  const message = new XdpMessage();
  return [{
    label: "xdp",
    message: dumpRequest(XDP_SHOW_INFO | XDP_SHOW_MEMINFO),
    table: xdpProcTable,
    protocol: "XDP",
    decode: (view, start, end, context) => xdpSocket(message.at(view, start, end), context),
  }];
}

/** The XDP family. */
export const xdp: Family = {
  name: "xdp",
  names: ["xdp"],
  flag: { long: "xdp", help: "XDP sockets, which take frames from a queue of an interface" },
  label: () => "xdp",
  endpoint: xdpEndpoint,
  requests,
};
