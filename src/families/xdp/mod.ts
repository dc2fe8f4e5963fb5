/**
 * The XDP family: sockets that take frames from a queue of an interface.
 *
 * @module
 */
import { stateMask, TCP_CLOSE } from "../../model/state.ts";
import type { Query } from "../../query.ts";
import type { DiagRequest, Family } from "../family.ts";
import { readAttributes } from "./attributes.ts";
import { xdpEndpoint } from "./endpoint.ts";
import { XdpMessage } from "./message.ts";
import { xdpProcTable } from "./proc.ts";
import { dumpRequest } from "./request.ts";
import { xdpSocket } from "./socket.ts";
import * as uapi from "./uapi.ts";

const SHOW = uapi.XDP_SHOW_INFO | uapi.XDP_SHOW_MEMINFO;
const SHOW_INFO = uapi.XDP_SHOW_RING_CFG | uapi.XDP_SHOW_UMEM | uapi.XDP_SHOW_STATS;

/** All of them, as they have no connections. */
const STATES = stateMask(TCP_CLOSE);

function requests(query: Query): DiagRequest[] {
  if (!query.families.has("xdp") || query.ports !== null) return [];
  if (((query.states ?? STATES) & STATES) === 0) return [];
  const message = new XdpMessage();
  return [{
    label: "xdp",
    message: dumpRequest(query.info ? SHOW | SHOW_INFO : SHOW),
    table: xdpProcTable,
    protocol: "XDP",
    decode: (view, start, end, context) => xdpSocket(message.at(view, start, end), context),
    info: (view, start, end) => readAttributes(message.at(view, start, end).attributes()),
  }];
}

/** The XDP family. */
export const xdp: Family = {
  name: "xdp",
  label: () => "xdp",
  endpoint: xdpEndpoint,
  requests,
};
