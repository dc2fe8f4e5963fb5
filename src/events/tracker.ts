/**
 * Tracker: makes events of records.
 *
 * A record tells one moment and knows no other. What came before is remembered by the cookie of the socket: who began a
 * connection that a packet decides, since when a socket is open, which process a listener belongs to. What is remembered is bounded:
 * a host can open more sockets than anybody wants to keep.
 *
 * @module
 */
import type { Bytes } from "../model/owner.ts";
import type { EventProcess, How, SocketEvent, WatchEvent } from "../model/event.ts";
import { FAMILY_OF_NUMBER } from "../model/address_family.ts";
import type {
  Endpoint,
  InternetEndpoint,
  Socket,
  Transport,
  UnixEndpoint,
} from "../model/socket.ts";
import { socketType } from "../model/socket_type.ts";
import {
  TCP_CLOSING,
  TCP_FIN_WAIT2,
  TCP_LAST_ACK,
  TCP_LISTEN,
  TCP_SYN_RECV,
  TCP_TIME_WAIT,
} from "../model/state.ts";
import { isWildcard } from "../model/endpoint.ts";
import { errnoName, ETIMEDOUT } from "../../ffi/errno.ts";
import { SOCK_RAW } from "../../ffi/socket.ts";
import type { Clock } from "./clock.ts";
import type { Address, FlowPlace, KernelRecord } from "./kernel/decode.ts";
import type { FlowCounts } from "./kernel/maps.ts";
import { KIND } from "./kernel/record.ts";
import { IPPROTO_MPTCP } from "../families/inet/uapi.ts";
import { type Flow, KnownSocket } from "./known_socket.ts";
import type { NetnsNames } from "./netns_names.ts";
import type { ProcessCache } from "./process_cache.ts";
import { newEvent } from "./socket_event.ts";

/** Sockets that are remembered; the oldest goes first. */
const MOST_SOCKETS = 131_072;
const MOST_WAITING = 4096;
/** How long a connection from elsewhere may wait for its process before it is told without. */
const ACCEPT_WAIT_NS = 300_000_000;

/** A SocketEvent without the facts that most do not have. */
type Details = Partial<SocketEvent> & Pick<SocketEvent, "event">;

/** Counts of a flow in the kernel; `null` where there are none any more. */
type CountsOfFlow = (place: FlowPlace, cookie: number | bigint) => FlowCounts | null;

/** See the module. */
export class Tracker {
  readonly #clock: Pick<Clock, "wall">;
  readonly #processes: ProcessCache;
  readonly #netns: NetnsNames;
  readonly #emit: (event: WatchEvent) => void;
  readonly #flowCounts: CountsOfFlow;
  /** False where nothing tells what becomes of a connection. */
  readonly #seesStates: boolean;
  /** False where nothing tells what became of a datagram. */
  readonly #seesDatagrams: boolean;
  /** False where nothing tells when the last descriptor of a socket is closed. */
  readonly #seesReleases: boolean;
  readonly #sockets = new Map<number | bigint, KnownSocket>();
  readonly #listeners = new Map<string, Set<KnownSocket>>();
  /** Flow → its socket, by {@linkcode flowName}. */
  readonly #flows = new Map<string, readonly [cookie: number | bigint, known: KnownSocket]>();
  /** Those of them that have a slot. */
  readonly #inSlots = new Set<string>();
  readonly #waiting = new Map<number | bigint, number>();

  constructor(
    { clock, processes, netns, emit, flowCounts, seesStates, seesDatagrams, seesReleases }: {
      readonly clock: Pick<Clock, "wall">;
      readonly processes: ProcessCache;
      readonly netns: NetnsNames;
      readonly emit: (event: WatchEvent) => void;
      readonly flowCounts: CountsOfFlow;
      readonly seesStates: boolean;
      readonly seesDatagrams: boolean;
      readonly seesReleases: boolean;
    },
  ) {
    this.#clock = clock;
    this.#processes = processes;
    this.#netns = netns;
    this.#emit = emit;
    this.#flowCounts = flowCounts;
    this.#seesStates = seesStates;
    this.#seesDatagrams = seesDatagrams;
    this.#seesReleases = seesReleases;
  }

  /** How many sockets are remembered. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Remembers a socket that was there before the watch. */
  existing(socket: Socket): void {
    const { cookie } = socket;
    if (cookie === null || this.#sockets.has(cookie)) return;
    const known = new KnownSocket();
    known.family = socket.family;
    known.transport = socket.transport;
    known.type = socket.type;
    known.local = socket.local;
    known.peer = socket.peer;
    known.netns = socket.netns;
    known.pids = [...new Set(socket.owners.map(({ pid }) => pid))];
    known.how = "owner-pass";
    known.established = socket.peer !== null;
    known.bound = socket.peer === null;
    this.#keep(cookie, known);
    if (socket.state === "listen") this.#listen(known);
  }

  /** Takes a record. */
  take(record: KernelRecord): void {
    const { kind, process, timeNs } = record;
    if (process !== null && process.pid !== 0) {
      const isExec = kind === KIND.exec;
      if (isExec || kind === KIND.process) {
        this.#processes.learn(process, isExec, timeNs);
        return;
      }
    }
    const { cookie } = record;
    if (cookie === null) return;
    if (kind === KIND.counted) return this.#counted(record, cookie);
    // The TCP sockets below one of MPTCP tell of connections, once each; it has the cookie of its listener where it was accepted.
    const ofItself = kind === KIND.open || kind === KIND.release;
    if (record.protocol === IPPROTO_MPTCP && !ofItself) return;
    const by = process === null ? null : this.#processes.of(process);
    const before = this.#sockets.get(cookie);
    const known = this.#socket(cookie, record, before);
    switch (kind) {
      case KIND.open:
        known.openedNs = timeNs;
        this.#did(known, by, "hook");
        return this.#tell(record, cookie, known, { event: "open" });
      case KIND.bind:
        known.bound = true;
        this.#did(known, by, "hook");
        return this.#tell(record, cookie, known, { event: "bind" });
      case KIND.listen:
        this.#did(known, by, "hook");
        this.#listen(known);
        return this.#tell(record, cookie, known, { event: "listen", backlog: record.backlog });
      case KIND.connecting:
      case KIND.synSent:
        return this.#connecting(record, cookie, known, by);
      case KIND.connected:
      case KIND.connectFailed:
        return this.#connectDone(record, cookie, known);
      case KIND.passive:
        return this.#passive(record, cookie, known);
      case KIND.accepted:
      case KIND.firstUse:
        // Where nothing tells when connections are established, those from before the watch look like new ones.
        if (!this.#seesStates && before?.how === "owner-pass") return;
        this.#waiting.delete(cookie);
        known.waiting = false;
        this.#did(known, by, kind === KIND.accepted ? "hook" : "first-io");
        return this.#tell(record, cookie, known, { event: "accept" });
      case KIND.send:
      case KIND.unixSend:
        return this.#send(record, cookie, known, by);
      case KIND.unixConnect:
        known.openedNs ??= timeNs;
        this.#did(known, by, "hook");
        // Whether it succeeded nothing tells.
        return this.#tell(record, cookie, known, { event: "connect", outcome: "unknown" });
      case KIND.unixAccepted:
        this.#did(known, by, "first-io");
        return this.#tell(record, cookie, known, { event: "accept" });
      case KIND.release:
        return this.#release(record, cookie, known, by);
      case KIND.closed:
        return this.#closed(record, cookie, known);
    }
  }

  /** Tells what has waited long enough. `nowNs`: since boot. */
  tick(nowNs: number): void {
    for (const [cookie, sinceNs] of this.#waiting) {
      if (nowNs - sinceNs < ACCEPT_WAIT_NS) return;
      this.#waiting.delete(cookie);
      const known = this.#sockets.get(cookie);
      if (known !== undefined) this.#byListener(cookie, known, sinceNs);
    }
  }

  /** Counts of the flow with a key as they are now. Tells of the datagrams since the last time. `timeNs`: since boot. */
  flow(key: Bytes, counts: FlowCounts, timeNs: number): void {
    const name = key.toHex();
    const of = this.#flows.get(name);
    const flow = of?.[1].flows.get(name);
    if (of !== undefined && flow !== undefined) this.#tellFlow(of[0], of[1], flow, counts, timeNs);
  }

  /** The same of all flows that have a slot. */
  flowsInSlots(timeNs: number): void {
    for (const name of this.#inSlots) {
      const [cookie, known] = this.#flows.get(name)!;
      const flow = known.flows.get(name)!;
      const counts = this.#flowCounts(flow.place, cookie);
      if (counts !== null) this.#tellFlow(cookie, known, flow, counts, timeNs);
    }
  }

  // The slot of a flow is given to another. If the flow goes on it is told like a new one.
  #counted({ flow: place, counts, timeNs }: KernelRecord, cookie: number | bigint): void {
    const name = flowName(place!, cookie);
    const of = this.#flows.get(name);
    const flow = of?.[1].flows.get(name);
    if (of === undefined || flow === undefined) return;
    this.#tellFlow(cookie, of[1], flow, counts!, timeNs);
    flow.isOver = true;
    this.#flows.delete(name);
    this.#inSlots.delete(name);
  }

  #tellFlow(
    cookie: number | bigint,
    known: KnownSocket,
    flow: Flow,
    [count, bytes, failed]: FlowCounts,
    timeNs: number,
  ): void {
    if (count <= flow.count) return;
    const event = this.#event(timeNs, cookie, known, {
      event: "send",
      peer: flow.peer,
      process: flow.process,
      how: "hook",
      datagrams: count - flow.count,
      failed: failed - flow.failed,
      bytesSent: this.#seesDatagrams && known.family !== "unix" || bytes > 0
        ? bytes - flow.bytes
        : null,
    });
    flow.count = count;
    flow.bytes = bytes;
    flow.failed = failed;
    this.#emit(event);
  }

  // Who holds what listens at the local end of a connection.
  #byListener(cookie: number | bigint, known: KnownSocket, timeNs: number): void {
    known.waiting = false;
    this.#waiting.delete(cookie);
    const listener = this.#listenerOf(known);
    if (listener !== null && known.process === null) {
      known.how = "listener";
      known.pids = listener.pids;
      known.process = listener.pids.length > 1 ? null : listener.process;
    }
    this.#emit(this.#event(timeNs, cookie, known, { event: "accept" }));
  }

  #listenerOf({ local, netns }: KnownSocket): KnownSocket | null {
    // A port says nothing of who listens there where the namespace is not known.
    if (netns === null) return null;
    if (local === null || !("port" in local) || !("address" in local)) return null;
    const listeners = this.#listeners.get(listenerKey(netns.inode, local.port));
    let wildcard: KnownSocket | null = null;
    for (const listener of listeners ?? []) {
      const { address } = listener.local as InternetEndpoint;
      if (address === local.address) return listener;
      if (isWildcard(address)) wildcard = listener;
    }
    return wildcard;
  }

  #listen(known: KnownSocket): void {
    known.listening = true;
    const { local, netns } = known;
    if (local === null || !("port" in local) || !("address" in local)) return;
    const key = listenerKey(netns?.inode ?? null, local.port);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(known));
  }

  #forgetListener(known: KnownSocket): void {
    const { local, netns } = known;
    if (!known.listening || local === null || !("port" in local)) return;
    const key = listenerKey(netns?.inode ?? null, local.port);
    const listeners = this.#listeners.get(key);
    listeners?.delete(known);
    if (listeners?.size === 0) this.#listeners.delete(key);
  }

  #keep(cookie: number | bigint, known: KnownSocket): void {
    this.#sockets.set(cookie, known);
    if (this.#sockets.size > MOST_SOCKETS) {
      const [oldest, socket] = this.#sockets.entries().next().value!;
      this.#forget(oldest, socket);
    }
  }

  #forget(cookie: number | bigint, known: KnownSocket): void {
    this.#sockets.delete(cookie);
    this.#waiting.delete(cookie);
    for (const name of known.flows.keys()) {
      this.#flows.delete(name);
      this.#inSlots.delete(name);
    }
    this.#forgetListener(known);
  }

  // The socket of a record, with what the record adds to what is known of it.
  #socket(
    cookie: number | bigint,
    record: KernelRecord,
    before: KnownSocket | undefined,
  ): KnownSocket {
    const known = before ?? new KnownSocket();
    if (before === undefined) this.#keep(cookie, known);
    const { family, type, protocol, netns, local, peer, kind } = record;
    if (family !== 0) {
      known.family ??= FAMILY_OF_NUMBER[family] ?? null;
      known.type ??= socketType(type);
      known.transport ??= transportOf(family, type, protocol);
    }
    if (netns !== null && known.netns === null) known.netns = this.#netns.of(netns);
    if (local !== null && isBetter(local, known.local)) known.local = endpointOf(local);
    // A datagram's destination is not the socket's own.
    const isSend = kind === KIND.send || kind === KIND.unixSend;
    if (peer !== null && !isSend) known.peer = endpointOf(peer);
    return known;
  }

  #did(known: KnownSocket, by: EventProcess | null, how: How): void {
    if (by === null) return;
    known.process = by;
    known.how = how;
  }

  #connecting(
    record: KernelRecord,
    cookie: number | bigint,
    known: KnownSocket,
    by: EventProcess | null,
  ): void {
    this.#did(known, by, "hook");
    const { timeNs } = record;
    if (known.transport !== "tcp") {
      return this.#tell(record, cookie, known, { event: "connect", outcome: "unknown" });
    }
    if (!this.#seesStates) {
      known.established = true;
      return this.#tell(record, cookie, known, { event: "connect", outcome: "unknown" });
    }
    known.ended = false;
    known.attempt = {
      process: by ?? known.process,
      peer: known.peer,
      // The hook comes before the SYN.
      timeNs: known.attempt?.timeNs ?? timeNs,
    };
  }

  #connectDone(record: KernelRecord, cookie: number | bigint, known: KnownSocket): void {
    const { attempt } = known;
    const succeeded = record.kind === KIND.connected;
    known.attempt = null;
    known.established = succeeded;
    if (succeeded) known.connectedNs = record.timeNs;
    this.#tell(record, cookie, known, {
      event: "connect",
      outcome: succeeded ? "established" : "failed",
      error: succeeded ? null : nameOf(record.error),
      durationMs: attempt === null ? null : milliseconds(record.timeNs - attempt.timeNs),
    });
    if (!succeeded) known.peer = null;
  }

  #passive(record: KernelRecord, cookie: number | bigint, known: KnownSocket): void {
    // Both ends began at once: it was begun here, too.
    if (known.attempt !== null) {
      return this.#connectDone({ ...record, kind: KIND.connected }, cookie, known);
    }
    known.established = true;
    known.connectedNs = record.timeNs;
    known.waiting = true;
    if (this.#waiting.size >= MOST_WAITING) return this.#byListener(cookie, known, record.timeNs);
    this.#waiting.set(cookie, record.timeNs);
  }

  #send(
    record: KernelRecord,
    cookie: number | bigint,
    known: KnownSocket,
    by: EventProcess | null,
  ): void {
    this.#did(known, by, "hook");
    const place = record.flow!;
    const name = flowName(place, cookie);
    const peer = record.peer === null ? null : endpointOf(record.peer);
    const failed = record.error === null ? 0 : 1;
    const bytes = record.bytesSent ?? 0;
    known.flows.set(name, { place, peer, process: by, count: 1, bytes, failed, isOver: false });
    this.#flows.set(name, [cookie, known]);
    if ("slot" in place) this.#inSlots.add(name);
    this.#tell(record, cookie, known, {
      event: "send",
      peer,
      datagrams: 1,
      failed,
      error: nameOf(record.error),
      // Not every hook knows how long the datagram is.
      bytesSent: bytes === 0 && (!this.#seesDatagrams || record.kind === KIND.unixSend)
        ? null
        : bytes,
    });
  }

  #release(
    record: KernelRecord,
    cookie: number | bigint,
    known: KnownSocket,
    by: EventProcess | null,
  ): void {
    // What a socket has sent is what went over its flows, if it was watched from the start and all of them are still counted.
    let sent: number | null = known.openedNs !== null && this.#seesDatagrams ? 0 : null;
    for (const flow of known.flows.values()) {
      const counts: FlowCounts | null = flow.isOver
        ? [flow.count, flow.bytes, flow.failed]
        : this.#flowCounts(flow.place, cookie);
      if (counts !== null) this.#tellFlow(cookie, known, flow, counts, record.timeNs);
      sent = counts === null || sent === null ? null : sent + flow.bytes;
    }
    known.closer = by;
    if (known.waiting) {
      this.#waiting.delete(cookie);
      known.waiting = false;
      this.#did(known, by, "first-io");
      this.#tell(record, cookie, known, { event: "accept", bytesSent: null, bytesReceived: null });
    }
    if (known.attempt !== null) {
      // It did not even get as far as a SYN, or was closed before an answer came; then that is told next.
      const { attempt } = known;
      if (record.peer === null) {
        known.attempt = null;
        this.#tell(record, cookie, known, {
          event: "connect",
          peer: attempt.peer,
          outcome: "failed",
          durationMs: milliseconds(record.timeNs - attempt.timeNs),
        });
        known.peer = null;
      }
    }
    const tcpGoesOn = known.transport === "tcp" && this.#seesStates &&
      (known.established || known.listening || known.attempt !== null);
    if (tcpGoesOn) return;
    // The end of its connection was told already.
    if (known.ended) return this.#forget(cookie, known);
    this.#did(known, by, "hook");
    this.#tell(record, cookie, known, {
      event: "close",
      bytesSent: known.transport === "tcp" ? null : sent,
      bytesReceived: known.transport === "tcp" || sent === null ? null : record.bytesReceived ?? 0,
      durationMs: known.openedNs === null ? null : milliseconds(record.timeNs - known.openedNs),
    });
    this.#forget(cookie, known);
  }

  #closed(record: KernelRecord, cookie: number | bigint, known: KnownSocket): void {
    const { oldState, timeNs, error } = record;
    // A connection that was never established is none, and no process has it.
    if (oldState === TCP_SYN_RECV && !known.established) return this.#forget(cookie, known);
    if (known.waiting) this.#byListener(cookie, known, known.connectedNs ?? timeNs);
    if (known.closer !== null) this.#did(known, known.closer, "hook");
    const listener = oldState === TCP_LISTEN;
    const since = listener ? known.openedNs : known.connectedNs ?? known.openedNs;
    this.#tell(record, cookie, known, {
      event: "close",
      bytesSent: listener ? null : record.bytesSent,
      bytesReceived: listener ? null : record.bytesReceived,
      durationMs: since === null ? null : milliseconds(timeNs - since),
      reason: listener
        ? null
        : error === ETIMEDOUT
        ? "timeout"
        : error === null && IN_ORDER.has(oldState)
        ? "fin"
        : "reset",
      error: listener ? null : nameOf(error),
    });
    if (known.closer !== null || !this.#seesReleases) return this.#forget(cookie, known);
    // The descriptor is still there, and may be connected again.
    this.#forgetListener(known);
    known.ended = true;
    known.established = false;
    known.listening = false;
    known.connectedNs = null;
    known.peer = null;
  }

  #tell(
    record: KernelRecord,
    cookie: number | bigint,
    known: KnownSocket,
    details: Details,
  ): void {
    this.#emit(this.#event(record.timeNs, cookie, known, details));
  }

  #event(
    timeNs: number,
    cookie: number | bigint,
    known: KnownSocket,
    details: Details,
  ): SocketEvent {
    let { process, how } = known;
    let owners: readonly EventProcess[] = [];
    if (known.pids.length > 0) {
      owners = known.pids.map((pid) => this.#processes.held(pid));
      if (process === null && owners.length === 1) process = owners[0]!;
      if (owners.length === 1 && owners[0]!.pid === process?.pid) owners = [];
    }
    if (process === null && owners.length === 0) how = null;
    return newEvent({
      atNs: this.#clock.wall(timeNs),
      netns: known.netns,
      cookie,
      family: known.family,
      transport: known.transport,
      type: known.type,
      local: known.local,
      peer: known.peer,
      process,
      how,
      owners,
      service: known.isService,
      ...details,
    });
  }
}

/** States from which a connection ends in order: both ends have sent their FIN, or its own was acknowledged. */
const IN_ORDER: ReadonlySet<number> = new Set([
  TCP_FIN_WAIT2,
  TCP_TIME_WAIT,
  TCP_LAST_ACK,
  TCP_CLOSING,
]);

const TRANSPORTS: Readonly<Record<number, Transport>> = {
  1: "icmp",
  6: "tcp",
  17: "udp",
  33: "dccp",
  58: "icmp",
  132: "sctp",
  136: "udplite",
  262: "mptcp",
};

function transportOf(family: number, type: number, protocol: number): Transport | null {
  if (FAMILY_OF_NUMBER[family] === "unix") return socketType(type) as Transport | null;
  return type === SOCK_RAW ? "raw" : TRANSPORTS[protocol] ?? null;
}

/** An address as the families have it. */
function endpointOf({ text, port, name }: Address): Endpoint {
  if (name === null) return { address: text, port, interface: null };
  const abstract = name[0] === 0;
  const unix: UnixEndpoint = {
    path: abstract ? null : name,
    name: abstract ? name.subarray(1) : null,
    inode: null,
  };
  return unix;
}

// A port that is not known is no news about a local end that has one, and neither is a wildcard about an address.
function isBetter({ text, port, name }: Address, known: Endpoint | null): boolean {
  if (name !== null || known === null) return true;
  if (!("address" in known)) return false;
  return port !== 0 && (known.port === 0 || !isWildcard(text) || isWildcard(known.address));
}

/** What a flow is called: its key as text, or its slot with the socket's cookie. */
function flowName(place: FlowPlace, cookie: number | bigint): string {
  return "slot" in place ? `${place.slot} ${cookie}` : place.key.toHex();
}

function nameOf(error: number | null): string | null {
  return error === null ? null : errnoName(error);
}

function listenerKey(netns: number | null, port: number): string {
  return `${netns} ${port}`;
}

function milliseconds(ns: number): number {
  return ns / 1e6;
}
