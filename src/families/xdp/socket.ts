/**
 * From an xdp_diag_msg to a Socket.
 *
 * @module
 */
import type { Socket } from "../../model/socket.ts";
import type { DecodeContext } from "../family.ts";
import type { XdpMessage } from "./message.ts";
import { XDP_DIAG_UID } from "./uapi.ts";

/** Makes a Socket. */
export function xdpSocket(message: XdpMessage, context: DecodeContext): Socket {
  const { inode, interfaceIndex, queue, receiveQueue, sendQueue } = message;
  const name = interfaceIndex <= 0 ? null : context.interfaceName(interfaceIndex);
  const uid = message.u32Attribute(XDP_DIAG_UID);
  return {
    netns: context.netns,
    family: "xdp",
    transport: "xdp",
    type: "raw",
    protocol: null,
    state: "close",
    local: { interface: name, queue: name === null || queue < 0 ? null : queue },
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
    reach: name === null
      ? { scope: "unknown", reasons: ["not bound to an interface yet"] }
      : { scope: "link_local", reasons: [`sees frames of ${name}, before any firewall`] },
  };
}
