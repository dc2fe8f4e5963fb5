/**
 * InetSocket: a Socket that reads itself from the record of its row.
 *
 * @module
 */
import { AF_INET6 } from "../../../ffi/socket.ts";
import type { OwnerSource } from "../../model/owner.ts";
import type {
  InternetEndpoint,
  Netns,
  Socket,
  SocketInfo,
  SocketType,
  Timer,
  Transport,
} from "../../model/socket.ts";
import {
  stateName,
  TCP_LISTEN,
  TCP_NEW_SYN_RECV,
  TCP_SYN_RECV,
  TCP_TIME_WAIT,
} from "../../model/state.ts";
import { cookieOf } from "../diag_message.ts";
import type { SourceKind } from "../family.ts";
import type { SocketAnnotations } from "../annotations.ts";
import * as records from "./records.ts";
import type { InetRowKind } from "./row_kind.ts";
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

/** What a socket asks of the table that it is in. */
export interface InetRows {
  readonly kind: InetRowKind;
  readonly netns: Netns | null;
  readonly source: SourceKind;
  readonly records: records.InetRecords;
  readonly annotations: SocketAnnotations;
  /** `null` where they were not asked for. */
  readonly infos: readonly (SocketInfo | null)[] | null;
  interfaceName(index: number): string | null;
}

/**
 * A socket of a table, which has all that is known of it: its record, and columns for what was found out
 * later. Nothing is decoded before it is asked for.
 *
 * There are two kinds. One is for good. The other is a window, which is moved from socket to socket and gives the same
 * endpoint objects every time, with other contents.
 */
export class InetSocket implements Socket {
  readonly #table: InetRows;
  readonly #window: Window | null;
  #number = 0;
  /** Where the record is. */
  #record: Uint32Array = NOTHING;
  #at = 0;
  #local: InternetEndpoint | undefined;
  #peer: InternetEndpoint | null | undefined;
  // A key that every socket has is found sooner than one that none has.
  info: SocketInfo | null | undefined = undefined;

  /** For good, or, without a number, a window. */
  constructor(table: InetRows, number: number | null) {
    this.#table = table;
    this.#window = number === null ? new Window() : null;
    if (number !== null) this.to(number);
  }

  /** Moves the window. */
  to(number: number): this {
    const table = this.#table;
    this.#number = number;
    this.#record = table.records.piece(number);
    this.#at = table.records.base(number);
    if (table.infos !== null) this.info = table.infos[number] ?? null;
    return this;
  }

  get #v6(): boolean {
    return (this.#record[this.#at]! & 0xff) === AF_INET6;
  }

  get #state(): number {
    return this.#record[this.#at]! >>> 8 & 0xff;
  }

  get #timer(): number {
    return this.#record[this.#at]! >>> 16 & 0xff;
  }

  get #attributes(): number {
    return this.#record[this.#at + records.ATTRIBUTES]!;
  }

  get netns(): Socket["netns"] {
    return this.#table.netns;
  }

  get family(): Socket["family"] {
    return this.#v6 ? "inet6" : "inet";
  }

  get transport(): Transport {
    return this.#table.kind.transport;
  }

  get type(): SocketType | null {
    return this.#table.kind.type;
  }

  // raw_diag sends the protocol as an attribute; both it and /proc/net/raw also show it as the local port.
  get protocol(): number | null {
    if (this.transport !== "raw") return null;
    const attributes = this.#attributes;
    return (attributes & records.HAS_PROTOCOL) !== 0
      ? attributes >>> records.PROTOCOL_SHIFT & 0xff
      : this.#record[this.#at + records.PORTS]! & 0xffff;
  }

  get state(): Socket["state"] {
    return stateName(this.#state);
  }

  get local(): InternetEndpoint {
    if (this.#window !== null) return this.#end(this.#window.local, records.SOURCE, 0);
    return this.#local ??= plain(this.#end(new WireEndpoint(), records.SOURCE, 0));
  }

  get peer(): InternetEndpoint | null {
    if (this.#window !== null) {
      return this.#isConnected() ? this.#end(this.#window.peer, records.DESTINATION, 16) : null;
    }
    if (this.#peer === undefined) {
      this.#peer = this.#isConnected()
        ? plain(this.#end(new WireEndpoint(), records.DESTINATION, 16))
        : null;
    }
    return this.#peer;
  }

  // Without a peer its address is the wildcard and its port 0.
  #isConnected(): boolean {
    const record = this.#record;
    const at = this.#at + records.DESTINATION;
    return record[at] !== 0 || record[this.#at + records.PORTS]! >>> 16 !== 0 ||
      record[at + 1] !== 0 || record[at + 2] !== 0 || record[at + 3] !== 0;
  }

  #end(end: WireEndpoint, words: number, portShift: number): WireEndpoint {
    const record = this.#record;
    const at = this.#at;
    end.v6 = (record[at]! & 0xff) === AF_INET6;
    end.a = record[at + words]!;
    end.b = record[at + words + 1]!;
    end.c = record[at + words + 2]!;
    end.d = record[at + words + 3]!;
    end.port = record[at + records.PORTS]! >>> portShift & 0xffff;
    const index = record[at + records.INTERFACE]!;
    end.interface = index === 0 ? null : this.#table.interfaceName(index);
    return end;
  }

  get peerInode(): null {
    return null;
  }

  get v6only(): boolean | null {
    const attributes = this.#attributes;
    return (attributes & records.HAS_V6ONLY) === 0 ? null : (attributes & records.V6ONLY) !== 0;
  }

  get uid(): number | null {
    const state = this.#state;
    // A record without a socket behind it: uid and inode are 0 because there is nothing to ask.
    const recordOnly = state === TCP_TIME_WAIT || state === TCP_SYN_RECV ||
      state === TCP_NEW_SYN_RECV ||
      this.#timer === TIMER_TIME_WAIT && this.transport !== "sctp";
    return recordOnly ? null : this.#record[this.#at + records.UID]!;
  }

  get inode(): number | null {
    return this.#record[this.#at + records.INODE]! || null;
  }

  get cookie(): Socket["cookie"] {
    const record = this.#record;
    const at = this.#at;
    return cookieOf(record[at + records.COOKIE_LOW]!, record[at + records.COOKIE_HIGH]!);
  }

  // /proc tells the queues of SCTP associations, not those of its sockets.
  get #tellsQueues(): boolean {
    return this.transport !== "sctp" || this.#table.source !== "proc" ||
      (this.#attributes & records.HAS_PEERS) !== 0;
  }

  get recvQueue(): number | null {
    return this.#state === TCP_LISTEN || !this.#tellsQueues
      ? null
      : this.#record[this.#at + records.RECEIVE_QUEUE]!;
  }

  get sendQueue(): number | null {
    return this.#state === TCP_LISTEN || !this.#tellsQueues
      ? null
      : this.#record[this.#at + records.SEND_QUEUE]!;
  }

  get acceptQueue(): Socket["acceptQueue"] {
    if (this.#state !== TCP_LISTEN || !this.#tellsQueues) return null;
    return {
      length: this.#record[this.#at + records.RECEIVE_QUEUE]!,
      limit: this.#table.source === "proc" ? null : this.#record[this.#at + records.SEND_QUEUE]!,
    };
  }

  get timer(): Timer | null {
    const timer = this.#timer;
    if (timer === 0) return null;
    return {
      // SCTP reports only that it waits to send again, by a number of its own.
      kind: this.transport === "sctp" ? "retransmit" : TIMERS[timer] ?? "unknown",
      expiresMs: this.#record[this.#at + records.EXPIRES_MS]!,
      retransmits: this.#record[this.#at]! >>> 24,
    };
  }

  get ownership(): Socket["ownership"] {
    return this.#table.annotations.ownership(this.#number);
  }

  set ownership(ownership: Socket["ownership"]) {
    this.#table.annotations.setOwnership(this.#number, ownership);
  }

  get owners(): Socket["owners"] {
    return this.#table.annotations.owners(this.#number, this, this.#window !== null);
  }

  ownedBy(source: OwnerSource, number: number): void {
    this.#table.annotations.setOwnedBy(this.#number, source, number);
  }

  get peerOwners(): null {
    return null;
  }

  get reach(): Socket["reach"] {
    return this.#table.annotations.reach(this.#number);
  }

  set reach(reach: Socket["reach"]) {
    this.#table.annotations.setReach(this.#number, reach);
  }
}

/** What a window fills anew for each socket. */
class Window {
  readonly local = new WireEndpoint();
  readonly peer = new WireEndpoint();
}

const NOTHING = new Uint32Array(0);

function plain({ address, port, interface: name }: WireEndpoint): InternetEndpoint {
  return { address, port, interface: name };
}
