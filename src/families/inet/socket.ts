/**
 * From an inet_diag_msg to a Socket.
 *
 * @module
 */
import { AF_INET6 } from "../../../ffi/socket.ts";
import { formatIpv4, formatIpv6 } from "../../model/endpoint.ts";
import type { InternetEndpoint, Socket, SocketType, Timer, Transport } from "../../model/socket.ts";
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
import { associationState } from "./sctp_info.ts";
import { INET_DIAG_PEERS, INET_DIAG_PROTOCOL, INET_DIAG_SKV6ONLY } from "./uapi.ts";

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
  readonly type: SocketType | null;
  /** True for the request that asks for BOUND_INACTIVE alone: its replies say CLOSE. */
  readonly boundInactive: boolean;
}

/**
 * The state as a TCP number. An SCTP association reports one of its own numbers; it is known by having addresses of a
 * peer, which a socket has not.
 */
export function inetState(message: InetMessage, kind: InetRowKind): number {
  if (kind.boundInactive) return TCP_BOUND_INACTIVE;
  return kind.transport === "sctp" && message.has(INET_DIAG_PEERS)
    ? associationState(message.state)
    : message.state;
}

const NO_OWNERS: Socket["owners"] = [];
const UNKNOWN_REACH: Socket["reach"] = { scope: "unknown", reasons: [] };

/**
 * A Socket that keeps its addresses as the words of the message and writes them out when they are asked for: of 100,000
 * sockets most are only counted, filtered or joined. The message's buffer is not held on to.
 */
class InetSocket implements Socket {
  readonly netns: Socket["netns"];
  readonly family: Socket["family"];
  readonly transport: Transport;
  readonly type: SocketType | null;
  readonly protocol: number | null;
  readonly state: Socket["state"];
  readonly peerInode = null;
  readonly v6only: boolean | null;
  readonly uid: number | null;
  readonly inode: number | null;
  readonly cookie: Socket["cookie"];
  readonly recvQueue: number | null;
  readonly sendQueue: number | null;
  readonly acceptQueue: Socket["acceptQueue"];
  readonly timer: Timer | null;
  ownership: Socket["ownership"] = "unknown";
  owners = NO_OWNERS;
  peerOwners = null;
  reach = UNKNOWN_REACH;
  readonly #interface: string | null;
  readonly #source: Words;
  readonly #destination: Words | null;
  #local: InternetEndpoint | undefined;
  #peer: InternetEndpoint | null | undefined;

  constructor(message: InetMessage, kind: InetRowKind, context: DecodeContext) {
    const state = inetState(message, kind);
    const listening = state === TCP_LISTEN;
    const timer = message.timer;
    // A record without a socket behind it: uid and inode are 0 because there is nothing to ask.
    const recordOnly = state === TCP_TIME_WAIT || state === TCP_SYN_RECV ||
      state === TCP_NEW_SYN_RECV || timer === TIMER_TIME_WAIT && kind.transport !== "sctp";
    const inode = message.inode;
    const v6 = message.family === AF_INET6;
    const v6only = v6 ? message.u8Attribute(INET_DIAG_SKV6ONLY) : -1;
    const interfaceIndex = message.interfaceIndex;
    const receiveQueue = message.receiveQueue;
    const sendQueue = message.sendQueue;
    this.netns = context.netns;
    this.family = v6 ? "inet6" : "inet";
    this.transport = kind.transport;
    this.type = kind.type;
    this.protocol = kind.transport === "raw" ? rawProtocol(message) : null;
    this.state = stateName(state);
    this.v6only = v6only < 0 ? null : v6only !== 0;
    this.uid = recordOnly ? null : message.uid;
    this.inode = inode === 0 ? null : inode;
    this.cookie = message.cookie;
    // /proc tells the queues of SCTP associations, not those of its sockets.
    const told = kind.transport !== "sctp" || context.source !== "proc" ||
      message.has(INET_DIAG_PEERS);
    this.recvQueue = listening || !told ? null : receiveQueue;
    this.sendQueue = listening || !told ? null : sendQueue;
    this.acceptQueue = listening && told
      ? { length: receiveQueue, limit: context.source === "proc" ? null : sendQueue }
      : null;
    this.timer = timer === 0 ? null : inetTimer(message, kind);
    this.#interface = interfaceIndex === 0 ? null : context.interfaceName(interfaceIndex);
    this.#source = v6
      ? [
        message.sourceWord(0),
        message.sourceWord(1),
        message.sourceWord(2),
        message.sourceWord(3),
        message.sourcePort,
      ]
      : [message.sourceWord(0), message.sourcePort];
    this.#destination = message.unconnected ? null : v6
      ? [
        message.destinationWord(0),
        message.destinationWord(1),
        message.destinationWord(2),
        message.destinationWord(3),
        message.destinationPort,
      ]
      : [message.destinationWord(0), message.destinationPort];
  }

  get local(): InternetEndpoint {
    return this.#local ??= endpoint(this.#source, this.#interface);
  }

  get peer(): InternetEndpoint | null {
    if (this.#peer === undefined) {
      this.#peer = this.#destination === null ? null : endpoint(this.#destination, this.#interface);
    }
    return this.#peer;
  }
}

/** The words of an address, big-endian, and the port. */
type Words =
  | readonly [address: number, port: number]
  | readonly [a: number, b: number, c: number, d: number, port: number];

function endpoint(words: Words, name: string | null): InternetEndpoint {
  return words.length === 2 ? { address: formatIpv4(words[0]), port: words[1], interface: name } : {
    address: formatIpv6(words[0], words[1], words[2], words[3]),
    port: words[4],
    interface: name,
  };
}

/** Makes a Socket. Owners and reach are filled in by later steps. */
export function inetSocket(
  message: InetMessage,
  kind: InetRowKind,
  context: DecodeContext,
): Socket {
  return new InetSocket(message, kind, context);
}

function inetTimer(message: InetMessage, kind: InetRowKind): Timer {
  return {
    // SCTP reports only that it waits to send again, by a number of its own.
    kind: kind.transport === "sctp" ? "retransmit" : TIMERS[message.timer] ?? "unknown",
    expiresMs: message.expiresMs,
    retransmits: message.retransmits,
  };
}

// raw_diag sends the protocol as an attribute; both it and /proc/net/raw also show it as the local port.
function rawProtocol(message: InetMessage): number {
  const protocol = message.u8Attribute(INET_DIAG_PROTOCOL);
  return protocol < 0 ? message.sourcePort : protocol;
}
