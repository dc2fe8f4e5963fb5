/**
 * InetSocket: a Socket that reads itself from its record.
 *
 * @module
 */
import { AF_INET6 } from "../../ffi/socket.ts";
import { cookieOf } from "../model/cookie.ts";
import type { OwnerLookup } from "../model/owner.ts";
import type {
  InternetEndpoint,
  Netns,
  ReceiveBuffer,
  Socket,
  SocketInfo,
  SocketType,
  Timer,
  Transport,
} from "../model/socket.ts";
import {
  stateName,
  TCP_LISTEN,
  TCP_NEW_SYN_RECV,
  TCP_SYN_RECV,
  TCP_TIME_WAIT,
} from "../model/state.ts";
import { TIMER_TIME_WAIT, timerKind } from "../model/timer.ts";
import type { SocketAnnotations } from "./annotations.ts";
import { InetCursor } from "./inet_cursor.ts";
import { HAS_PEERS, HAS_V6ONLY, type InetRecords, V6ONLY } from "./inet_records.ts";
import { WireEndpoint } from "./wire_endpoint.ts";

/** What the sockets of one request have in common. */
export interface InetRequestFacts {
  readonly transport: Transport;
  readonly type: SocketType | null;
  readonly netns: Netns | null;
  /** True for rows of /proc, which does not tell everything that a message tells. */
  readonly fromProc: boolean;
  /** Name of an interface by its index, which is not 0. */
  interfaceName(index: number): string | null;
}

/** The columns that a socket reads itself from. */
export interface InetColumns {
  readonly facts: InetRequestFacts;
  readonly records: InetRecords;
  readonly annotations: SocketAnnotations;
  /** Everything that the kernel tells; `null` if it was not asked for. */
  readonly infos: readonly (SocketInfo | null)[] | null;
  /** Control groups; `null` if they were not asked for. */
  readonly groups: readonly (bigint | null)[] | null;
  /** Receive buffers; `null` if they were not asked for. */
  readonly buffers: readonly (ReceiveBuffer | null)[] | null;
}

/**
 * One socket of a table. Each fact is decoded when it is asked for.
 *
 * There are two kinds. One always stands for the same socket. The other moves from socket to socket like its cursor, and returns the
 * same endpoint objects each time, with other contents.
 */
export class InetSocket implements Socket {
  readonly #columns: InetColumns;
  readonly #row: InetCursor;
  /** Where the endpoints of a moving socket are written to; `null` for one that stays. */
  readonly #moving: MovingEnds | null;
  #number = 0;
  #local: InternetEndpoint | undefined;
  #peer: InternetEndpoint | null | undefined;
  // Every socket has this property, even if it is `null`, because a property that exists is found sooner.
  info: SocketInfo | null | undefined = undefined;

  /** With `number`: always that socket. Without: a socket that moves. */
  constructor(columns: InetColumns, number: number | null) {
    this.#columns = columns;
    this.#row = new InetCursor(columns.records);
    this.#moving = number === null ? new MovingEnds() : null;
    if (number !== null) this.to(number);
  }

  /** Moves it to another socket. */
  to(number: number): this {
    this.#number = number;
    this.#row.to(number);
    const { infos } = this.#columns;
    if (infos !== null) this.info = infos[number] ?? null;
    return this;
  }

  get netns(): Socket["netns"] {
    return this.#columns.facts.netns;
  }

  get family(): Socket["family"] {
    return this.#row.family === AF_INET6 ? "inet6" : "inet";
  }

  get transport(): Transport {
    return this.#columns.facts.transport;
  }

  get type(): SocketType | null {
    return this.#columns.facts.type;
  }

  get protocol(): number | null {
    return this.transport === "raw" ? this.#row.protocol : null;
  }

  get state(): Socket["state"] {
    return stateName(this.#row.state);
  }

  get local(): InternetEndpoint {
    if (this.#moving !== null) return this.#readLocal(this.#moving.local);
    return this.#local ??= copied(this.#readLocal(new WireEndpoint()));
  }

  get peer(): InternetEndpoint | null {
    if (this.#moving !== null) {
      return this.#row.isConnected ? this.#readPeer(this.#moving.peer) : null;
    }
    if (this.#peer === undefined) {
      this.#peer = this.#row.isConnected ? copied(this.#readPeer(new WireEndpoint())) : null;
    }
    return this.#peer;
  }

  #readLocal(end: WireEndpoint): WireEndpoint {
    this.#row.readSource(end);
    return this.#readInterface(end);
  }

  #readPeer(end: WireEndpoint): WireEndpoint {
    this.#row.readDestination(end);
    return this.#readInterface(end);
  }

  #readInterface(end: WireEndpoint): WireEndpoint {
    const index = this.#row.interfaceIndex;
    end.interface = index === 0 ? null : this.#columns.facts.interfaceName(index);
    return end;
  }

  get peerInode(): null {
    return null;
  }

  get v6only(): boolean | null {
    const { flags } = this.#row;
    return (flags & HAS_V6ONLY) === 0 ? null : (flags & V6ONLY) !== 0;
  }

  get uid(): number | null {
    const { state, timer } = this.#row;
    // A record of the kernel without a socket behind it: uid and inode are 0 because there is nothing to ask.
    const recordOnly = state === TCP_TIME_WAIT || state === TCP_SYN_RECV ||
      state === TCP_NEW_SYN_RECV || timer === TIMER_TIME_WAIT && this.transport !== "sctp";
    return recordOnly ? null : this.#row.uid;
  }

  get inode(): number | null {
    return this.#row.inode || null;
  }

  get cookie(): Socket["cookie"] {
    return cookieOf(this.#row.cookieLow, this.#row.cookieHigh);
  }

  // /proc tells the queues of SCTP associations, not those of its sockets.
  get #tellsQueues(): boolean {
    return this.transport !== "sctp" || !this.#columns.facts.fromProc ||
      (this.#row.flags & HAS_PEERS) !== 0;
  }

  get recvQueue(): number | null {
    return this.#row.state === TCP_LISTEN || !this.#tellsQueues ? null : this.#row.receiveQueue;
  }

  get sendQueue(): number | null {
    return this.#row.state === TCP_LISTEN || !this.#tellsQueues ? null : this.#row.sendQueue;
  }

  get acceptQueue(): Socket["acceptQueue"] {
    if (this.#row.state !== TCP_LISTEN || !this.#tellsQueues) return null;
    return {
      length: this.#row.receiveQueue,
      limit: this.#columns.facts.fromProc ? null : this.#row.sendQueue,
    };
  }

  get cgroupId(): bigint | null | undefined {
    return this.#columns.groups?.[this.#number];
  }

  get receiveBuffer(): ReceiveBuffer | null | undefined {
    return this.#columns.buffers?.[this.#number];
  }

  get timer(): Timer | null {
    const { timer, expiresMs, retransmits } = this.#row;
    if (timer === 0) return null;
    // SCTP reports only that it waits to send again, by a number of its own.
    const kind = this.transport === "sctp" ? "retransmit" : timerKind(timer);
    return { kind, expiresMs, retransmits };
  }

  get ownership(): Socket["ownership"] {
    return this.#columns.annotations.ownership(this.#number);
  }

  set ownership(ownership: Socket["ownership"]) {
    this.#columns.annotations.setOwnership(this.#number, ownership);
  }

  get owners(): Socket["owners"] {
    return this.#columns.annotations.owners(this.#number, this, this.#moving !== null);
  }

  ownedBy(lookup: OwnerLookup, number: number): void {
    this.#columns.annotations.setOwnedBy(this.#number, lookup, number);
  }

  get peerOwners(): null {
    return null;
  }

  get reach(): Socket["reach"] {
    return this.#columns.annotations.reach(this.#number);
  }

  set reach(reach: Socket["reach"]) {
    this.#columns.annotations.setReach(this.#number, reach);
  }
}

/** What a moving socket fills anew for each socket. */
class MovingEnds {
  readonly local = new WireEndpoint();
  readonly peer = new WireEndpoint();
}

function copied({ address, port, interface: name }: WireEndpoint): InternetEndpoint {
  return { address, port, interface: name };
}
