/**
 * From a TIPC reply to a Socket.
 *
 * @module
 */
import type { Reach, Socket, SocketType, Transport } from "../../model/socket.ts";
import { stateName } from "../../model/state.ts";
import type { DecodeContext } from "../family.ts";
import type { TipcMessage } from "./message.ts";
import { SOCK_DGRAM, SOCK_RDM, SOCK_SEQPACKET, SOCK_STREAM } from "./uapi.ts";

const TYPES: Readonly<Record<number, Transport & SocketType>> = {
  [SOCK_STREAM]: "stream",
  [SOCK_DGRAM]: "dgram",
  [SOCK_RDM]: "rdm",
  [SOCK_SEQPACKET]: "seqpacket",
};

const REACH: Reach = { scope: "private", reasons: ["TIPC: reached by every node of the cluster"] };

/** Makes a Socket; `null` for a type this program does not know. */
export function tipcSocket(message: TipcMessage, context: DecodeContext): Socket | null {
  const type = TYPES[message.type];
  if (type === undefined) return null;
  const { inode, uid, receiveQueue, sendQueue } = message;
  return {
    netns: context.netns,
    family: "tipc",
    transport: type,
    type,
    protocol: null,
    state: stateName(message.state),
    local: { node: message.node, ref: message.ref },
    peer: message.connected ? { node: message.peerNode, ref: message.peerRef } : null,
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
    reach: REACH,
  };
}
