/**
 * From a packet_diag_msg to a Socket.
 *
 * @module
 */
import { SOCK_DGRAM, SOCK_RAW } from "../../../ffi/socket.ts";
import type { Reach, Socket, SocketType } from "../../model/socket.ts";
import type { DecodeContext } from "../family.ts";
import type { PacketMessage } from "./message.ts";
import { PACKET_DIAG_UID } from "./uapi.ts";

const TYPES: Readonly<Record<number, SocketType>> = { [SOCK_RAW]: "raw", [SOCK_DGRAM]: "dgram" };

/** Makes a Socket. */
export function packetSocket(message: PacketMessage, context: DecodeContext): Socket {
  const { ethertype, inode, interfaceIndex, receiveQueue, sendQueue } = message;
  const name = interfaceIndex <= 0 ? null : context.interfaceName(interfaceIndex);
  const uid = message.u32Attribute(PACKET_DIAG_UID);
  return {
    netns: context.netns,
    family: "packet",
    transport: "packet",
    type: TYPES[message.type] ?? null,
    protocol: null,
    state: "close",
    local: { ethertype, interface: name },
    peer: null,
    peerInode: null,
    v6only: null,
    uid: uid < 0 ? null : uid,
    inode: inode === 0 ? null : inode,
    cookie: message.cookie,
    recvQueue: receiveQueue < 0 ? null : receiveQueue,
    sendQueue: sendQueue < 0 ? null : sendQueue,
    acceptQueue: null,
    timer: null,
    ownership: "unknown",
    owners: [],
    peerOwners: null,
    reach: packetReach(ethertype, name),
  };
}

function packetReach(ethertype: number, name: string | null): Reach {
  if (ethertype === 0) return { scope: "host", reasons: ["only sends: it asks for no protocol"] };
  return {
    scope: "link_local",
    reasons: [
      `sees frames ${name === null ? "of every interface" : `of ${name}`}, before any firewall`,
    ],
  };
}
