/**
 * ScanSource: events from what the tables of sockets show, ten times a second, and from what the kernel tells of sockets that are
 * gone.
 *
 * It takes no permission, and it misses what lives for less than a scan. Of a connection that was begun and closed in between the
 * kernel still tells that it is gone, without its process. It looks into our own network namespace alone.
 *
 * @module
 */
import { SyscallError } from "../../ffi/errno.ts";
import { POLLIN, PollSet } from "../../ffi/poll.ts";
import { Diagnostics } from "../diagnostics.ts";
import { Users } from "../etc/users.ts";
import { familyOf } from "../families/mod.ts";
import { attachOwners } from "../join/attach.ts";
import { DecodeError } from "../model/decode_error.ts";
import type { SocketEvent, WatchEvent, WatchSource } from "../model/event.ts";
import type { Gap } from "../model/gap.ts";
import type { Owner } from "../model/owner.ts";
import type { InternetEndpoint, Netns, Socket, SocketInfo, Transport } from "../model/socket.ts";
import { ALL_STATES, stateMask, TCP_TIME_WAIT } from "../model/state.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../netlink/connection.ts";
import { NLMSG_MIN_TYPE } from "../netlink/header.ts";
import { MessageCursor } from "../netlink/message.ts";
import { Processes } from "../origin/processes.ts";
import { currentNetns } from "../proc/ns.ts";
import type { ProcRoot } from "../proc/root.ts";
import type { Query } from "../query.ts";
import { collectSockets } from "../snapshot/collect.ts";
import { Source } from "../snapshot/source.ts";
import { Clock } from "./clock.ts";
import { factsOf, newEvent } from "./socket_event.ts";
import type { EventSource } from "./source.ts";
import { lastCounters } from "./tcp_counters.ts";

const SCAN_MS = 100;

/** Groups of the kernel's news about sockets that are gone. Kernel: SKNLGRP_*, include/uapi/linux/sock_diag.h. */
const GROUPS: readonly (readonly [transport: Transport, bits: number])[] = [
  ["tcp", 1 << 0 | 1 << 2],
  ["udp", 1 << 1 | 1 << 3],
];

const UNSEEN: readonly string[] = [
  "what lives for less than a tenth of a second, but for the end of TCP and UDP sockets",
  "the process of a socket that is gone before it is looked for",
  "where unconnected datagrams go to, and how many they are",
  "connects that fail",
  "other network namespaces",
];

const ENOBUFS = 105;

/** A socket as the last scan found it. */
interface Seen {
  readonly socket: Socket;
  readonly sinceNs: number;
  /** True for one that was there at the start. */
  readonly existing: boolean;
  owners: readonly Owner[];
}

/** Stands for every table. */
const ALL = "";

/** The table that a socket is in: `tcp over IPv4`. */
function labelOf({ family, transport }: Socket): string {
  return family === "unix" ? "unix" : `${transport} over IPv${family === "inet6" ? 6 : 4}`;
}

// Sockets that are only bound are asked for by themselves.
const plainLabel = (label: string) => label.replace(/^bound /, "");

/** What a scan could not read. */
class Unread {
  readonly labels = new Set<string>();
  /** True if it may have been any table. */
  readonly all: boolean = false;

  constructor(gaps: readonly Gap[] = []) {
    for (const { detail: { table } } of gaps) {
      if (typeof table === "string") this.labels.add(plainLabel(table));
      else this.all = true;
    }
  }

  has(table: Socket | string): boolean {
    return this.all || this.labels.has(typeof table === "string" ? table : labelOf(table));
  }

  /** True if another one lacks all that this one lacks. */
  isPartOf(other: Unread): boolean {
    return other.all || !this.all && [...this.labels].every((label) => other.labels.has(label));
  }
}

/** See the module. */
export class ScanSource implements EventSource {
  readonly source: WatchSource;
  readonly fd = null;
  readonly pauseMs = SCAN_MS;
  readonly #root: ProcRoot;
  readonly #users = new Users();
  readonly #clock = new Clock();
  readonly #netns: Netns | null;
  readonly #query: Query;
  readonly #connections: { readonly transport: Transport; readonly connection: Connection }[] = [];
  #seen = new Map<string, Seen>();
  /** Labels of tables that /proc tells here. A socket has another key in it. `null` before the first scan. */
  #fromProc: Set<string> | null = null;
  /** Labels of tables that no scan has read yet: what the first one shows was there before. */
  readonly #pending = new Set<string>();
  /** What the last scan did not read. */
  #unread: Unread = new Unread();
  #scannedNs = 0;
  /** Sockets whose end the kernel has told, which the next scan does not tell again. */
  readonly #gone = new Set<string>();

  /** `destroy`: listen to the kernel's news. `unix`: unix sockets are wanted too. */
  constructor(
    root: ProcRoot,
    { destroy, unix }: { readonly destroy: boolean; readonly unix: boolean },
    reasons: readonly string[] = [],
  ) {
    this.#root = root;
    const inode = currentNetns(root);
    this.#netns = inode === null ? null : { inode, name: null };
    this.#query = {
      families: new Set(unix ? ["inet", "inet6", "unix"] : ["inet", "inet6"]),
      transports: new Set(["tcp", "udp", "udplite", "raw", "icmp", "stream", "dgram", "seqpacket"]),
      states: ALL_STATES & ~stateMask(TCP_TIME_WAIT),
      ports: null,
      pids: null,
      processes: null,
      users: null,
    };
    const told = [...reasons];
    if (destroy) {
      for (const [transport, groups] of GROUPS) {
        try {
          this.#connections.push({
            transport,
            connection: new Connection(NETLINK_SOCK_DIAG, groups),
          });
        } catch (error) {
          if (!(error instanceof SyscallError)) throw error;
          told.push(error.message);
        }
      }
    }
    const listens = this.#connections.length > 0;
    this.source = {
      rung: listens ? "destroy" : "scan",
      sources: [
        ...(listens ? ["notices of closed sockets (sock_diag)"] : []),
        "tables of sockets, ten times a second",
      ],
      unseen: listens
        ? UNSEEN
        : ["what lives for less than a tenth of a second", ...UNSEEN.slice(1)],
      reasons: told,
    };
  }

  begin(): void {
    const { found, unread } = this.#scan(this.#clock.now(), true);
    this.#seen = found;
    for (const label of unread.labels) this.#pending.add(label);
    if (unread.all) this.#pending.add(ALL);
  }

  pickUp(emit: (event: WatchEvent) => void): boolean {
    this.#news(emit);
    const now = this.#clock.now();
    if (now - this.#scannedNs < SCAN_MS * 1e6 * 0.9) return false;
    const before = this.#seen;
    const { found: after, unread } = this.#scan(now, false);
    // A table that could not be read says nothing: what was in it stays, and that it is missing is told once.
    if (!unread.isPartOf(this.#unread)) this.#missed("scan", emit);
    this.#unread = unread;
    this.#findOwners([...after].flatMap(([key, seen]) => before.has(key) ? [] : [seen]));
    // News that came while the tables were read belong to what was in them before.
    this.#news(emit);
    for (const [key, seen] of before) {
      const still = after.get(key);
      if (still !== undefined) {
        after.set(key, { ...seen, socket: still.socket });
        if (seen.socket.state !== "listen" && still.socket.state === "listen") {
          emit(this.#event(now, seen, "listen"));
        }
      } else if (this.#gone.has(key)) continue;
      else if (unread.has(seen.socket)) after.set(key, seen);
      else emit(this.#event(now, seen, "close"));
    }
    const listening = new Set<number>();
    for (const { socket } of [...before.values(), ...after.values()]) {
      if (socket.state === "listen") listening.add((socket.local as InternetEndpoint).port);
    }
    for (const [key, seen] of after) {
      if (before.has(key)) continue;
      // It may be one of before by another key. If it is new, the next scan that can read tells it.
      if (unread.has(seen.socket)) after.delete(key);
      else if (this.#isPending(seen.socket)) after.set(key, { ...seen, existing: true });
      else emit(this.#event(now, seen, beginning(seen.socket, listening)));
    }
    if (!unread.all) {
      for (const label of this.#pending) if (!unread.labels.has(label)) this.#pending.delete(label);
    }
    this.#gone.clear();
    this.#seen = after;
    return false;
  }

  execBefore(): null {
    return null;
  }

  end(emit: (event: WatchEvent) => void): void {
    this.#scannedNs = 0;
    this.pickUp(emit);
  }

  #isPending(socket: Socket): boolean {
    return this.#pending.has(ALL) || this.#pending.has(labelOf(socket));
  }

  #scan(now: number, existing: boolean): { found: Map<string, Seen>; unread: Unread } {
    this.#scannedNs = now;
    const diagnostics = new Diagnostics();
    const source = new Source(this.#root, diagnostics);
    try {
      const found = new Map<string, Seen>();
      for (const socket of collectSockets(this.#query, source, this.#netns)) {
        found.set(keyOf(socket), { socket, sinceNs: now, existing, owners: [] });
      }
      const unread = new Unread(diagnostics.gaps);
      const fromProc = new Set([...source.fromProc.keys()].map(plainLabel));
      this.#fromProc ??= fromProc;
      for (const label of fromProc) if (!this.#fromProc.has(label)) unread.labels.add(label);
      for (const label of this.#fromProc) {
        if (fromProc.has(label) || unread.has(label)) continue;
        // The kernel answers now. The sockets are the same, by other keys.
        this.#fromProc.delete(label);
        this.#pending.add(label);
        for (const [key, seen] of this.#seen) {
          if (labelOf(seen.socket) === label) this.#seen.delete(key);
        }
      }
      if (existing) this.#findOwners([...found.values()]);
      return { found, unread };
    } finally {
      source.close();
    }
  }

  #findOwners(seen: readonly Seen[]): void {
    if (seen.length === 0) return;
    const processes = new Processes(this.#root, this.#users);
    const sockets = seen.map(({ socket }) => socket);
    attachOwners(sockets, this.#root, processes, new Diagnostics());
    // What is known of a process is read while it is there.
    for (const [i, { owners }] of sockets.entries()) {
      seen[i]!.owners = owners;
      for (const { process } of owners) void [process.comm, process.exe, process.cmdline];
    }
  }

  #news(emit: (event: WatchEvent) => void): void {
    for (const { transport, connection } of this.#connections) {
      const poll = new PollSet([[connection.fd, POLLIN]]);
      for (;;) {
        poll.wait(0);
        if (!poll.isReady(0)) break;
        try {
          const count = connection.receive();
          for (let slot = 0; slot < count; slot++) {
            this.#datagram(transport, connection, slot, emit);
          }
        } catch (error) {
          if (!(error instanceof SyscallError)) throw error;
          // The kernel had no more room for news, or could not hand them out. How many are lost it does not say.
          this.#missed(`${transport}_news`, emit);
          if (error.errno !== ENOBUFS) break;
        }
      }
    }
  }

  #datagram(
    transport: Transport,
    { datagrams }: Connection,
    slot: number,
    emit: (event: WatchEvent) => void,
  ): void {
    // Any process may send to a netlink port.
    if (datagrams.senderPortId(slot) !== 0) return;
    const start = slot * datagrams.slotSize;
    const message = new MessageCursor(datagrams.data, start, start + datagrams.length(slot));
    const requests = familyOf("inet").requests({
      ...this.#query,
      families: new Set(["inet", "inet6"]),
      transports: new Set([transport]),
      states: ALL_STATES,
      info: true,
    });
    // The state is CLOSE by then, which the others do not take for a TCP socket.
    const request = requests.find(({ label }) => label.startsWith("bound ")) ?? requests[0];
    try {
      while (message.next()) {
        if (message.type < NLMSG_MIN_TYPE) continue;
        const table = request!.sockets!({
          source: "netlink",
          netns: this.#netns,
          interfaceName: () => null,
        });
        const number = table.add(message.view, message.start, message.end);
        if (number < 0) continue;
        const socket = table.keep(number);
        const info = socket.info ?? null;
        this.#ended(socket, info, emit);
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#missed(`${transport}_news`, emit);
    }
  }

  #missed(what: string, emit: (event: WatchEvent) => void): void {
    emit({
      event: "lost",
      atNs: this.#clock.wall(this.#clock.now()),
      count: 1,
      of: { [what]: 1 },
    });
  }

  #ended(socket: Socket, info: SocketInfo | null, emit: (event: WatchEvent) => void): void {
    const key = keyOf(socket);
    const seen = this.#seen.get(key);
    const now = this.#clock.now();
    this.#gone.add(key);
    const known = seen ?? { socket, sinceNs: now, existing: true, owners: [] };
    // An aborted connection is told with zeros for its peer and for its counters.
    const counters = socket.transport === "tcp" ? lastCounters(info) : null;
    emit(this.#event(now, known, "close", {
      bytesSent: counters?.sent ?? null,
      bytesReceived: counters?.received ?? null,
    }));
  }

  #event(
    nowNs: number,
    { socket, sinceNs, existing, owners }: Seen,
    event: SocketEvent["event"],
    details: Partial<SocketEvent> = {},
  ): SocketEvent {
    const facts = factsOf(socket, owners);
    const { peer } = socket;
    return newEvent({
      ...facts,
      event,
      atNs: this.#clock.wall(nowNs),
      // A connection that was aborted is told with zeros.
      peer: peer !== null && "port" in peer && peer.port === 0 ? null : peer,
      outcome: event === "connect" ? "established" : null,
      backlog: event === "listen" ? socket.acceptQueue?.limit ?? null : null,
      durationMs: event === "close" && !existing ? (nowNs - sinceNs) / 1e6 : null,
      service: familyOf(socket.family).serves(socket),
      ...details,
    });
  }

  [Symbol.dispose](): void {
    for (const { connection } of this.#connections.splice(0)) connection.close();
  }
}

function keyOf({ cookie, family, transport, local, peer, inode }: Socket): string {
  if (cookie !== null) return String(cookie);
  return JSON.stringify([family, transport, local, peer, inode]);
}

// What must have happened to a socket that was not there at the last scan.
function beginning(socket: Socket, listening: ReadonlySet<number>): SocketEvent["event"] {
  if (socket.state === "listen") return "listen";
  if (socket.peer === null) return "bind";
  const local = socket.local as Partial<InternetEndpoint>;
  return socket.transport === "tcp" && listening.has(local.port ?? -1) ? "accept" : "connect";
}
