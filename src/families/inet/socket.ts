/**
 * From an inet_diag_msg to a Socket.
 *
 * @module
 */
import { AF_INET6 } from "../../../ffi/socket.ts";
import type { SocketType, Timer, Transport } from "../../model/socket.ts";
import type { Socket } from "../../model/socket.ts";
import {
  stateName,
  TCP_BOUND_INACTIVE,
  TCP_LISTEN,
  TCP_NEW_SYN_RECV,
  TCP_SYN_RECV,
  TCP_TIME_WAIT,
} from "../../model/state.ts";
import type { DecodeContext } from "../family.ts";
import type { InetMessage } from "./message.ts";
import { INET_DIAG_PROTOCOL, INET_DIAG_SKV6ONLY } from "./uapi.ts";

const TIMERS: readonly (Timer["kind"] | null)[] = [
  null,
  "retransmit",
  "keepalive",
  "time_wait",
  "persist",
  "delayed_ack",
];
/** Kernel: `idiag_timer` of a socket that is only a TIME-WAIT record, whatever state it reports. */
const TIMER_TIME_WAIT = 3;

/** What the request says of its rows, and the message does not. */
export interface InetRowKind {
  readonly transport: Transport;
  readonly type: SocketType;
  /** True for the request that asks for BOUND_INACTIVE alone: its replies say CLOSE. */
  readonly boundInactive: boolean;
}

/** Makes a Socket. Owners and reach are filled in by later steps. */
export function inetSocket(
  message: InetMessage,
  kind: InetRowKind,
  context: DecodeContext,
): Socket {
  const state = kind.boundInactive ? TCP_BOUND_INACTIVE : message.state;
  const listening = state === TCP_LISTEN;
  // A record without a socket behind it: uid and inode are 0 because there is nothing to ask.
  const recordOnly = state === TCP_TIME_WAIT || state === TCP_SYN_RECV ||
    state === TCP_NEW_SYN_RECV ||
    message.timer === TIMER_TIME_WAIT;
  const inode = message.inode;
  const interfaceName = message.interfaceIndex === 0
    ? null
    : context.interfaceName(message.interfaceIndex);
  const family = message.family === AF_INET6 ? "inet6" : "inet";
  const v6only = family === "inet6" ? message.u8Attribute(INET_DIAG_SKV6ONLY) : -1;
  return {
    netns: context.netns,
    family,
    transport: kind.transport,
    type: kind.type,
    protocol: kind.transport === "raw" ? rawProtocol(message) : null,
    state: stateName(state),
    local: { address: message.source, port: message.sourcePort, interface: interfaceName },
    peer: message.unconnected
      ? null
      : { address: message.destination, port: message.destinationPort, interface: interfaceName },
    peerInode: null,
    v6only: v6only < 0 ? null : v6only !== 0,
    uid: recordOnly ? null : message.uid,
    inode: inode === 0 ? null : inode,
    cookie: message.cookie,
    recvQueue: listening ? null : message.receiveQueue,
    sendQueue: listening ? null : message.sendQueue,
    acceptQueue: listening
      ? {
        length: message.receiveQueue,
        limit: context.source === "proc" ? null : message.sendQueue,
      }
      : null,
    timer: inetTimer(message),
    ownership: "unknown",
    owners: [],
    peerOwners: null,
    reach: { scope: "unknown", reasons: [] },
  };
}

function inetTimer(message: InetMessage): Timer | null {
  const timer = message.timer;
  if (timer === 0) return null;
  return {
    kind: TIMERS[timer] ?? "unknown",
    expiresMs: message.expiresMs,
    retransmits: message.retransmits,
  };
}

// raw_diag sends the protocol as an attribute; both it and /proc/net/raw also show it as the local port.
function rawProtocol(message: InetMessage): number {
  const protocol = message.u8Attribute(INET_DIAG_PROTOCOL);
  return protocol < 0 ? message.sourcePort : protocol;
}
