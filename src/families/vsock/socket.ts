/**
 * From a vsock_diag_msg to a Socket.
 *
 * @module
 */
import type { Reach, Socket, SocketType, Transport } from "../../model/socket.ts";
import { stateName } from "../../model/state.ts";
import type { DecodeContext } from "../family.ts";
import type { VsockMessage } from "./message.ts";
import { SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM, VMADDR_CID_LOCAL } from "./uapi.ts";

const TYPES: Readonly<Record<number, Transport & SocketType>> = {
  [SOCK_STREAM]: "stream",
  [SOCK_DGRAM]: "dgram",
  [SOCK_SEQPACKET]: "seqpacket",
};

const LOCAL: Reach = { scope: "loopback", reasons: ["vsock context 1 never leaves the machine"] };
const MACHINES: Reach = {
  scope: "private",
  reasons: ["vsock: reached by the hypervisor and the virtual machines on it"],
};

/** Makes a Socket; `null` for a type this program does not know. */
export function vsockSocket(message: VsockMessage, context: DecodeContext): Socket | null {
  const type = TYPES[message.type];
  if (type === undefined) return null;
  return {
    netns: context.netns,
    family: "vsock",
    transport: type,
    type,
    protocol: null,
    state: stateName(message.state),
    local: { cid: message.sourceCid, port: message.sourcePort },
    peer: message.unconnected
      ? null
      : { cid: message.destinationCid, port: message.destinationPort },
    peerInode: null,
    v6only: null,
    uid: null,
    inode: message.inode === 0 ? null : message.inode,
    cookie: message.cookie,
    recvQueue: null,
    sendQueue: null,
    acceptQueue: null,
    timer: null,
    ownership: "unknown",
    owners: [],
    peerOwners: null,
    reach: message.sourceCid === VMADDR_CID_LOCAL ? LOCAL : MACHINES,
  };
}
