/**
 * From a netlink_diag_msg to a Socket.
 *
 * @module
 */
import { SOCK_DGRAM, SOCK_RAW } from "../../../ffi/socket.ts";
import type { Reach, Socket, SocketType } from "../../model/socket.ts";
import type { DecodeContext } from "../family.ts";
import type { NetlinkMessage } from "./message.ts";

const TYPES: Readonly<Record<number, SocketType>> = { [SOCK_RAW]: "raw", [SOCK_DGRAM]: "dgram" };

const REACH: Reach = {
  scope: "host",
  reasons: ["netlink: between the kernel and the processes of one network namespace"],
};

/** Makes a Socket. */
export function netlinkSocket(message: NetlinkMessage, context: DecodeContext): Socket {
  const { protocol, portId, inode, receiveQueue, sendQueue } = message;
  return {
    netns: context.netns,
    family: "netlink",
    transport: "netlink",
    // /proc does not tell, and it makes no difference.
    type: TYPES[message.type] ?? null,
    protocol: null,
    state: message.connected ? "established" : "close",
    // Groups are always asked for; the kernel leaves them out where there are none.
    local: { protocol, portId, groups: message.groups ?? [] },
    peer: message.connected
      ? {
        protocol,
        portId: message.peerPortId,
        groups: message.peerGroup === 0 ? [] : [message.peerGroup],
      }
      : null,
    peerInode: null,
    v6only: null,
    uid: null,
    inode: inode === 0 ? null : inode,
    cookie: context.source === "proc" ? null : message.cookie,
    recvQueue: receiveQueue < 0 ? null : receiveQueue,
    sendQueue: sendQueue < 0 ? null : sendQueue,
    acceptQueue: null,
    timer: null,
    // The kernel's own sockets have an inode too, so that a search for it would find nobody and wonder.
    ownership: portId === 0 ? "kernel" : "unknown",
    owners: [],
    peerOwners: null,
    reach: REACH,
  };
}
