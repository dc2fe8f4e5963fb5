/**
 * Packet endpoints: a protocol and an interface.
 *
 * @module
 */
import type { PacketEndpoint } from "../../model/socket.ts";
import type { EndpointTraits } from "../family.ts";
import { compareText } from "../order.ts";
import { ETH_P_ALL } from "./uapi.ts";

/** include/uapi/linux/if_ether.h: the protocols one meets. */
const NAMES: Readonly<Record<number, string>> = {
  0: "none",
  [ETH_P_ALL]: "all",
  0x0004: "802.2",
  0x0800: "ipv4",
  0x0806: "arp",
  0x86dd: "ipv6",
  0x8100: "802.1q",
  0x8863: "pppoe-discovery",
  0x8864: "pppoe-session",
  0x888e: "802.1x",
  0x8892: "profinet",
  0x88a4: "ethercat",
  0x88cc: "lldp",
  0x88f7: "ptp",
};

/** `ipv4:eth0`, `all:*`, `0x9000:eth0`. */
function text({ ethertype, interface: name }: PacketEndpoint): string {
  const protocol = NAMES[ethertype] ?? `0x${ethertype.toString(16).padStart(4, "0")}`;
  return `${protocol}:${name ?? "*"}`;
}

/** What shared code may ask of a packet endpoint. */
export const packetEndpoint: EndpointTraits = {
  text,
  json: ({ ethertype, interface: name }: PacketEndpoint) => ({ ethertype, interface: name }),
  rank: () => 0,
  compare: (a: PacketEndpoint, b: PacketEndpoint) =>
    compareText(a.interface ?? "", b.interface ?? "") || a.ethertype - b.ethertype,
};
