/**
 * newSocket: a Socket of a family that has only some of the facts.
 *
 * @module
 */
import type { Socket } from "../model/socket.ts";
import type { DecodeContext } from "./family.ts";

/** What every family knows of its sockets. */
type Known = "family" | "transport" | "local" | "inode" | "cookie" | "reach";

/**
 * A socket with these facts, otherwise unconnected and without what few families have. An inode of 0 is none, and a number
 * below 0 is one that the kernel did not send: both become `null`.
 */
export function newSocket(
  context: DecodeContext,
  facts: Pick<Socket, Known> & Partial<Socket>,
): Socket {
  const { inode, uid = null, recvQueue = null, sendQueue = null } = facts;
  return {
    netns: context.netns,
    type: null,
    protocol: null,
    state: "close",
    peer: null,
    peerInode: null,
    v6only: null,
    acceptQueue: null,
    timer: null,
    ownership: "unknown",
    owners: [],
    peerOwners: null,
    ...facts,
    inode: inode === 0 ? null : inode,
    uid: sent(uid),
    recvQueue: sent(recvQueue),
    sendQueue: sent(sendQueue),
  };
}

function sent(value: number | null): number | null {
  return value === null || value < 0 ? null : value;
}
