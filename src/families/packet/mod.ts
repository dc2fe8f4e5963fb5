/**
 * The packet family: sockets that tap frames off interfaces.
 *
 * @module
 */
import { stateMask, TCP_CLOSE } from "../../model/state.ts";
import type { Query } from "../../query.ts";
import type { DiagRequest, Family } from "../family.ts";
import { packetEndpoint } from "./endpoint.ts";
import { PacketMessage } from "./message.ts";
import { packetProcTable } from "./proc.ts";
import { dumpRequest } from "./request.ts";
import { packetSocket } from "./socket.ts";
import { PACKET_SHOW_INFO, PACKET_SHOW_MEMINFO } from "./uapi.ts";

/** All of them, as they have no connections. */
const STATES = stateMask(TCP_CLOSE);

function requests(query: Query): DiagRequest[] {
  if (!query.families.has("packet") || query.ports !== null) return [];
  if (((query.states ?? STATES) & STATES) === 0) return [];
  const message = new PacketMessage();
  return [{
    label: "packet",
    message: dumpRequest(PACKET_SHOW_INFO | PACKET_SHOW_MEMINFO),
    table: packetProcTable,
    decode: (view, start, end, context) => packetSocket(message.at(view, start, end), context),
  }];
}

/** The packet family. */
export const packet: Family = {
  name: "packet",
  names: ["packet"],
  flag: { long: "packet", short: "0", help: "packet sockets, which see frames" },
  label: () => "packet",
  endpoint: packetEndpoint,
  requests,
};
