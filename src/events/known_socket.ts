/**
 * KnownSocket: what is remembered of a socket between its events.
 *
 * @module
 */
import type { EventProcess, How } from "../model/event.ts";
import type { Endpoint, FamilyName, Netns, SocketType, Transport } from "../model/socket.ts";
import type { FlowPlace } from "./kernel/decode.ts";

/** A connection that was begun and is not decided. */
interface Attempt {
  readonly process: EventProcess | null;
  readonly peer: Endpoint | null;
  readonly timeNs: number;
}

/** Datagrams of one socket to one destination. */
export interface Flow {
  readonly place: FlowPlace;
  readonly peer: Endpoint | null;
  readonly process: EventProcess | null;
  count: number;
  bytes: number;
  failed: number;
  /** It is counted no more: the numbers are its last ones. */
  isOver: boolean;
}

/** See the module. */
export class KnownSocket {
  family: FamilyName | null = null;
  transport: Transport | null = null;
  type: SocketType | null = null;
  local: Endpoint | null = null;
  peer: Endpoint | null = null;
  netns: Netns | null = null;
  /** Nanoseconds since boot. */
  openedNs: number | null = null;
  connectedNs: number | null = null;
  /** Who did the last thing to it, and how that is known. */
  process: EventProcess | null = null;
  how: How | null = null;
  /** Processes that held it when they were looked through. */
  pids: readonly number[] = [];
  attempt: Attempt | null = null;
  /** A connection from elsewhere that nobody has accepted yet. */
  waiting = false;
  /** TCP told that it is established, or it was when it was found. */
  established = false;
  listening = false;
  /** Its connection ended, and that was told; its descriptor is still open. */
  ended = false;
  bound = false;
  /** Who closed the last descriptor. */
  closer: EventProcess | null = null;
  readonly flows = new Map<string, Flow>();

  /** A listener, or a bound socket without a peer. */
  get isService(): boolean {
    return this.listening || this.bound && this.peer === null && this.type !== "stream" &&
        this.type !== "seqpacket";
  }
}
