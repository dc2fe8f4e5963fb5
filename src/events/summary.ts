/**
 * Summary: who had how much to do with whom, over a whole watch.
 *
 * @module
 */
import type { EventProcess, SocketEvent, WatchEvent } from "../model/event.ts";
import type { InternetEndpoint, Transport } from "../model/socket.ts";
import { formatEndpoint } from "../views/columns.ts";
import type { TcpCounters } from "./tcp_counters.ts";

/** At most so many pairs are kept; what comes after goes under one more. */
const MOST = 65_536;

/** What one program and one other end had to do with each other. */
interface Exchange {
  /** The process that stands for it: there may have been many, one after the other. */
  readonly process: EventProcess | null;
  readonly transport: Transport | null;
  /** The other end. Of connections that came in, without its port, which is another each time. `null`: all the rest. */
  readonly peer: string | null;
  /** True for connections that came in. */
  readonly incoming: boolean;
  /** The processes there were. */
  readonly pids: Set<number>;
  connections: number;
  /** Of those, how many were still open at the end. */
  open: number;
  failures: number;
  datagrams: number;
  bytesSent: number;
  bytesReceived: number;
}

/** A connection that is open. */
interface Open {
  /** What told of it. */
  readonly event: SocketEvent;
  readonly incoming: boolean;
  /** What it had moved before the watch, which is none of the watch's. */
  readonly before: TcpCounters;
  /** It was there before the watch, and has not been counted. */
  readonly existing: boolean;
}

const NOTHING: TcpCounters = { sent: 0, received: 0 };

/** Adds events up. */
export class Summary {
  readonly #exchanges = new Map<string, Exchange>();
  /** Connections that are open, by cookie; the oldest goes first. */
  readonly #open = new Map<number | bigint, Open>();
  /** Events by name. */
  readonly counts: Record<string, number> = {};
  /** Records that could not be told. */
  lost = 0;

  /** Takes an event into account. */
  add(event: WatchEvent): void {
    this.counts[event.event] = (this.counts[event.event] ?? 0) + 1;
    if (event.event === "lost") {
      this.lost += event.count;
      return;
    }
    const { cookie, peer } = event;
    // What was there is counted when it does something.
    if (peer === null || event.existing) return;
    switch (event.event) {
      case "connect": {
        const exchange = this.#of(event, false);
        if (event.outcome === "failed") exchange.failures++;
        else {
          exchange.connections++;
          this.#opened({ event, incoming: false, before: NOTHING, existing: false });
        }
        break;
      }
      case "accept":
        this.#of(event, true).connections++;
        this.#opened({ event, incoming: true, before: NOTHING, existing: false });
        break;
      case "send": {
        const exchange = this.#of(event, false);
        exchange.datagrams += event.datagrams ?? 0;
        exchange.failures += event.failed ?? 0;
        exchange.bytesSent += event.bytesSent ?? 0;
        break;
      }
      case "close": {
        const open = cookie === null ? undefined : this.#open.get(cookie);
        if (cookie !== null) this.#open.delete(cookie);
        const exchange = this.#of(event, open?.incoming ?? false);
        if (open?.existing) exchange.connections++;
        const { sent, received } = open?.before ?? NOTHING;
        // Bytes of datagrams were told when they were sent.
        const stream = event.transport === "tcp";
        if (stream) exchange.bytesSent += Math.max(0, (event.bytesSent ?? 0) - sent);
        exchange.bytesReceived += Math.max(0, (event.bytesReceived ?? 0) - received);
      }
    }
  }

  /** Learns of a connection that was there before the watch, and of what it had moved by then. */
  existing(event: SocketEvent, before: TcpCounters, incoming: boolean): void {
    this.#opened({ event, incoming, before, existing: true });
  }

  /** Cookies of the connections that are open. */
  get open(): ReadonlySet<number | bigint> {
    return new Set(this.#open.keys());
  }

  /** Takes into account what a connection that is open has moved by the end of the watch. */
  stillOpen(cookie: number | bigint, { sent, received }: TcpCounters): void {
    const open = this.#open.get(cookie);
    if (open === undefined) return;
    const { event, incoming, before, existing } = open;
    const moved = [sent - before.sent, received - before.received] as const;
    if (existing && moved[0] <= 0 && moved[1] <= 0) return;
    const exchange = this.#of(event, incoming);
    if (existing) exchange.connections++;
    exchange.open++;
    exchange.bytesSent += Math.max(0, moved[0]);
    exchange.bytesReceived += Math.max(0, moved[1]);
  }

  #opened(open: Open): void {
    const { cookie, transport } = open.event;
    if (cookie === null || transport !== "tcp") return;
    this.#open.set(cookie, open);
    if (this.#open.size <= MOST) return;
    const [oldest] = this.#open.keys();
    this.#open.delete(oldest!);
  }

  /** All of them, those that moved most first. */
  list(): Exchange[] {
    const weight = ({ bytesSent, bytesReceived }: Exchange) => bytesSent + bytesReceived;
    return [...this.#exchanges.values()].sort((a, b) =>
      weight(b) - weight(a) || b.connections + b.datagrams - a.connections - a.datagrams
    );
  }

  #of(event: SocketEvent, incoming: boolean): Exchange {
    const { process, transport, family } = event;
    const peer = event.peer!;
    const who = process ?? event.owners[0] ?? null;
    const name = who === null ? "" : `${who.uid} ${who.comm?.toHex()} ${who.exe?.toHex()}`;
    const text = incoming && "address" in peer
      ? (peer as InternetEndpoint).address
      : formatEndpoint(family!, peer);
    let key = `${name} ${transport} ${incoming} ${text}`;
    let exchange = this.#exchanges.get(key);
    const full = exchange === undefined && this.#exchanges.size >= MOST;
    if (full) exchange = this.#exchanges.get(key = "");
    if (exchange === undefined) {
      exchange = {
        process: full ? null : who,
        transport: full ? null : transport,
        peer: full ? null : text,
        incoming: full ? false : incoming,
        pids: new Set(),
        connections: 0,
        open: 0,
        failures: 0,
        datagrams: 0,
        bytesSent: 0,
        bytesReceived: 0,
      };
      this.#exchanges.set(key, exchange);
    }
    if (who !== null && who.pid !== null && exchange.pids.size < MOST) exchange.pids.add(who.pid);
    return exchange;
  }
}
