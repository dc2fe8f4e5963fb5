/**
 * From an inet_diag_msg to a Socket.
 *
 * @module
 */
import { AF_INET6 } from "../../../ffi/socket.ts";
import type { OwnerSource } from "../../model/owner.ts";
import type {
  InternetEndpoint,
  Socket,
  SocketInfo,
  SocketType,
  Timer,
  Transport,
} from "../../model/socket.ts";
import {
  stateName,
  TCP_BOUND_INACTIVE,
  TCP_LISTEN,
  TCP_NEW_SYN_RECV,
  TCP_SYN_RECV,
  TCP_TIME_WAIT,
} from "../../model/state.ts";
import type { InetMessage } from "./message.ts";
import { associationState } from "./sctp_info.ts";
import type { InetTable } from "./table.ts";
import { INET_DIAG_PEERS, INET_DIAG_PROTOCOL, INET_DIAG_SKV6ONLY } from "./uapi.ts";
import { WireEndpoint } from "./wire_endpoint.ts";

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

/**
 * A socket of an {@linkcode InetTable}, which has all that is known of it: the message as it came, and columns for what was
 * found out later. Nothing is decoded before it is asked for.
 *
 * There are two kinds. One is for good. The other is a window, which is moved from socket to socket and gives the same
 * endpoint and queue objects every time, with other contents.
 */
export class InetSocket implements Socket {
  readonly #table: InetTable;
  #number: number;
  readonly #window: Window | null;
  #local: InternetEndpoint | undefined;
  #peer: InternetEndpoint | null | undefined;
  declare readonly info?: SocketInfo | null;

  constructor(table: InetTable, number: number, kept: boolean) {
    this.#table = table;
    this.#number = number;
    this.#window = kept ? null : new Window();
    // A key that is there says that it was asked for.
    if (kept && table.infos !== null) this.info = table.infos[number]!;
  }

  /** Moves the window. */
  to(number: number): this {
    this.#number = number;
    const { infos } = this.#table;
    if (infos !== null) (this as { info?: SocketInfo | null }).info = infos[number]!;
    return this;
  }

  get #message(): InetMessage {
    return this.#table.message(this.#number);
  }

  get netns(): Socket["netns"] {
    return this.#table.netns;
  }

  get family(): Socket["family"] {
    return this.#message.family === AF_INET6 ? "inet6" : "inet";
  }

  get transport(): Transport {
    return this.#table.kind.transport;
  }

  get type(): SocketType | null {
    return this.#table.kind.type;
  }

  get protocol(): number | null {
    return this.transport === "raw" ? rawProtocol(this.#message) : null;
  }

  get state(): Socket["state"] {
    return stateName(inetState(this.#message, this.#table.kind));
  }

  get local(): InternetEndpoint {
    if (this.#window === null) return this.#local ??= plain(this.#end(new WireEndpoint(), true));
    return this.#end(this.#window.local, true);
  }

  get peer(): InternetEndpoint | null {
    if (this.#window === null) {
      if (this.#peer === undefined) {
        const { unconnected } = this.#message;
        this.#peer = unconnected ? null : plain(this.#end(new WireEndpoint(), false));
      }
      return this.#peer;
    }
    return this.#message.unconnected ? null : this.#end(this.#window.peer, false);
  }

  #end(end: WireEndpoint, local: boolean): WireEndpoint {
    const message = this.#message;
    end.v6 = message.family === AF_INET6;
    end.a = local ? message.sourceWord(0) : message.destinationWord(0);
    if (end.v6) {
      end.b = local ? message.sourceWord(1) : message.destinationWord(1);
      end.c = local ? message.sourceWord(2) : message.destinationWord(2);
      end.d = local ? message.sourceWord(3) : message.destinationWord(3);
    }
    end.port = local ? message.sourcePort : message.destinationPort;
    const index = message.interfaceIndex;
    end.interface = index === 0 ? null : this.#table.interfaceName(index);
    return end;
  }

  get peerInode(): null {
    return null;
  }

  get v6only(): boolean | null {
    const message = this.#message;
    if (message.family !== AF_INET6) return null;
    const told = message.u8Attribute(INET_DIAG_SKV6ONLY);
    return told < 0 ? null : told !== 0;
  }

  get uid(): number | null {
    const message = this.#message;
    const { kind } = this.#table;
    const state = inetState(message, kind);
    // A record without a socket behind it: uid and inode are 0 because there is nothing to ask.
    const recordOnly = state === TCP_TIME_WAIT || state === TCP_SYN_RECV ||
      state === TCP_NEW_SYN_RECV ||
      message.timer === TIMER_TIME_WAIT && kind.transport !== "sctp";
    return recordOnly ? null : message.uid;
  }

  get inode(): number | null {
    return this.#message.inode || null;
  }

  get cookie(): Socket["cookie"] {
    return this.#message.cookie;
  }

  /** Whether the queues mean anything: /proc tells those of SCTP associations, not those of its sockets. */
  #tellsQueues(message: InetMessage): boolean {
    const { kind, source } = this.#table;
    return kind.transport !== "sctp" || source !== "proc" || message.has(INET_DIAG_PEERS);
  }

  get recvQueue(): number | null {
    const message = this.#message;
    const listening = inetState(message, this.#table.kind) === TCP_LISTEN;
    return listening || !this.#tellsQueues(message) ? null : message.receiveQueue;
  }

  get sendQueue(): number | null {
    const message = this.#message;
    const listening = inetState(message, this.#table.kind) === TCP_LISTEN;
    return listening || !this.#tellsQueues(message) ? null : message.sendQueue;
  }

  get acceptQueue(): Socket["acceptQueue"] {
    const message = this.#message;
    const listening = inetState(message, this.#table.kind) === TCP_LISTEN;
    if (!listening || !this.#tellsQueues(message)) return null;
    return {
      length: message.receiveQueue,
      limit: this.#table.source === "proc" ? null : message.sendQueue,
    };
  }

  get timer(): Timer | null {
    const message = this.#message;
    if (message.timer === 0) return null;
    const timer = this.#window === null ? new TimerWindow() : this.#window.timer;
    // SCTP reports only that it waits to send again, by a number of its own.
    timer.kind = this.transport === "sctp" ? "retransmit" : TIMERS[message.timer] ?? "unknown";
    timer.expiresMs = message.expiresMs;
    timer.retransmits = message.retransmits;
    return timer;
  }

  get ownership(): Socket["ownership"] {
    return this.#table.findings.ownership(this.#number);
  }

  set ownership(ownership: Socket["ownership"]) {
    this.#table.findings.setOwnership(this.#number, ownership);
  }

  get owners(): Socket["owners"] {
    return this.#table.findings.owners(this.#number, this.cookie, this.#window !== null);
  }

  ownedBy(source: OwnerSource, number: number): void {
    this.#table.findings.setOwnedBy(this.#number, source, number);
  }

  get peerOwners(): null {
    return null;
  }

  get reach(): Socket["reach"] {
    return this.#table.findings.reach(this.#number);
  }

  set reach(reach: Socket["reach"]) {
    this.#table.findings.setReach(this.#number, reach);
  }
}

/** What a window fills anew for each socket. */
class Window {
  readonly local = new WireEndpoint();
  readonly peer = new WireEndpoint();
  readonly timer = new TimerWindow();
}

class TimerWindow implements Timer {
  kind: Timer["kind"] = "unknown";
  expiresMs = 0;
  retransmits = 0;
}

function plain({ address, port, interface: name }: WireEndpoint): InternetEndpoint {
  return { address, port, interface: name };
}

// raw_diag sends the protocol as an attribute; both it and /proc/net/raw also show it as the local port.
function rawProtocol(message: InetMessage): number {
  const protocol = message.u8Attribute(INET_DIAG_PROTOCOL);
  return protocol < 0 ? message.sourcePort : protocol;
}
