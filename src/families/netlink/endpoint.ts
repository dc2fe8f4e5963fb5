/**
 * Netlink endpoints: a protocol, a port ID, groups.
 *
 * @module
 */
import type { NetlinkEndpoint } from "../../model/socket.ts";
import type { EndpointTraits } from "../family.ts";
import { PROTOCOL_NAMES } from "./uapi.ts";

/** Name of a protocol; `protocol_N` for one that this program does not know. */
export function protocolName(protocol: number): string {
  return PROTOCOL_NAMES[protocol] ?? `protocol_${protocol}`;
}

/** `route:1234`, `route:kernel`, `route:1234+1,5` with the groups it has joined. */
function text({ protocol, portId, groups }: NetlinkEndpoint): string {
  const joined = groups === null || groups.length === 0 ? "" : `+${groups.join(",")}`;
  return `${protocolName(protocol)}:${portId === 0 ? "kernel" : portId}${joined}`;
}

/** What shared code may ask of a netlink endpoint. */
export const netlinkEndpoint: EndpointTraits = {
  text,
  json: ({ protocol, portId, groups }: NetlinkEndpoint) => ({
    protocol: protocolName(protocol),
    port_id: portId,
    groups,
  }),
  rank: () => 0,
  compare: (a: NetlinkEndpoint, b: NetlinkEndpoint) =>
    a.protocol - b.protocol || a.portId - b.portId,
};
