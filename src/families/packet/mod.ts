/**
 * The packet family: sockets that tap frames off interfaces.
 *
 * @module
 */
import { stateMask, TCP_CLOSE } from "../../model/state.ts";
import type { Query } from "../../query.ts";
import type { DiagRequest, Family } from "../family.ts";
import { readAttributes } from "./attributes.ts";
import { packetEndpoint } from "./endpoint.ts";
import { PacketMessage } from "./message.ts";
import { packetProcTable } from "./proc.ts";
import { dumpRequest } from "./request.ts";
import { packetSocket } from "./socket.ts";
import * as uapi from "./uapi.ts";

const SHOW = uapi.PACKET_SHOW_INFO | uapi.PACKET_SHOW_MEMINFO;
const SHOW_INFO = uapi.PACKET_SHOW_MCLIST | uapi.PACKET_SHOW_RING_CFG | uapi.PACKET_SHOW_FANOUT |
  uapi.PACKET_SHOW_FILTER;

/** All of them, as they have no connections. */
const STATES = stateMask(TCP_CLOSE);

function requests(query: Query): DiagRequest[] {
  if (!query.families.has("packet") || query.ports !== null) return [];
  if (((query.states ?? STATES) & STATES) === 0) return [];
  const message = new PacketMessage();
  return [{
    label: "packet",
    message: dumpRequest(query.info ? SHOW | SHOW_INFO : SHOW),
    table: packetProcTable,
    decode: (view, start, end, context) => packetSocket(message.at(view, start, end), context),
    info: (view, start, end) => readAttributes(message.at(view, start, end).attributes()),
  }];
}

/** The packet family. */
export const packet: Family = {
  name: "packet",
  label: () => "packet",
  endpoint: packetEndpoint,
  requests,
};
