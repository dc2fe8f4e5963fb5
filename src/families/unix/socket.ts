/**
 * From a unix_diag_msg to a Socket.
 *
 * @module
 */
import type { Owner } from "../../model/owner.ts";
import type { Reach, Socket } from "../../model/socket.ts";
import { socketType } from "../../model/socket_type.ts";
import {
  stateName,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_LISTEN,
  TCP_SYN_SENT,
} from "../../model/state.ts";
import type { DecodeContext } from "../family.ts";
import type { UnixMessage } from "./message.ts";
import { UNIX_DIAG_RQLEN, UNIX_DIAG_UID } from "./uapi.ts";

const BY_PATH: Reach = {
  scope: "host",
  reasons: ["a path: reached by processes of this host that may write to the file"],
};
const BY_NAME: Reach = {
  scope: "host",
  reasons: [
    "an abstract name, which no file guards: every process in the network namespace may connect",
  ],
};
const NOBODY: Reach = { scope: "unknown", reasons: ["nobody can connect or send to it"] };
const UNNAMED: Reach = { scope: "host", reasons: ["a unix socket without a name"] };

/** Before owners are known. There may be 100,000 sockets, and so as many lists of nobody. */
const NO_OWNERS: readonly Owner[] = [];

/** Makes a Socket; `null` for a type this program does not know. */
export function unixSocket(message: UnixMessage, context: DecodeContext): Socket | null {
  const type = socketType(message.type);
  if (type === null) return null;
  const inode = message.inode === 0 ? null : message.inode;
  const listening = message.state === TCP_LISTEN;
  const { path, abstractName, peerInode } = message;
  const received = message.u32Attribute(UNIX_DIAG_RQLEN);
  const sent = message.u32Attribute(UNIX_DIAG_RQLEN, 1);
  const uid = message.u32Attribute(UNIX_DIAG_UID);
  // /proc says "connecting" until the connection is accepted, sock_diag says established.
  const state = context.source === "proc" && message.state === TCP_SYN_SENT
    ? TCP_ESTABLISHED
    : message.state;
  const named = path !== null || abstractName !== null;
  const isIdle = state === TCP_CLOSE && peerInode < 0 && !(named && type === "dgram");
  const socket: Socket = {
    netns: context.netns,
    family: "unix",
    transport: type,
    type,
    protocol: null,
    state: stateName(state),
    local: { path, name: abstractName, inode, file: message.file },
    // The name is that of another socket: join/peers.ts fills it in.
    peer: peerInode < 0 ? null : { path: null, name: null, inode: peerInode || null },
    peerInode: peerInode > 0 ? peerInode : null,
    v6only: null,
    uid: uid < 0 ? null : uid,
    inode,
    cookie: context.source === "proc" ? null : message.cookie,
    recvQueue: listening || received < 0 ? null : received,
    sendQueue: listening || sent < 0 ? null : sent,
    acceptQueue: listening && received >= 0
      ? { length: received, limit: sent < 0 ? null : sent }
      : null,
    timer: null,
    ownership: "unknown",
    owners: NO_OWNERS,
    // /proc has no peers.
    peerOwners: context.source === "proc" ? null : NO_OWNERS,
    reach: isIdle ? NOBODY : path !== null ? BY_PATH : abstractName !== null ? BY_NAME : UNNAMED,
  };
  if (listening) socket.waitingInodes = message.waitingInodes;
  return socket;
}
