/**
 * Summary: who had how much to do with whom, over a whole watch.
 *
 * @module
 */
import type { EventProcess, SocketEvent, WatchEvent } from "../model/event.ts";
import type { InternetEndpoint, Transport } from "../model/socket.ts";
import { formatEndpoint } from "../views/columns.ts";

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
  /** How many processes there were. */
  readonly pids: Set<number>;
  connections: number;
  failures: number;
  datagrams: number;
  bytesSent: number;
  bytesReceived: number;
}

/** Adds events up. */
export class Summary {
  readonly #exchanges = new Map<string, Exchange>();
  /** Connections that came in, by cookie. */
  readonly #incoming = new Set<number | bigint>();
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
    if (event.event === "accept" && cookie !== null) {
      if (this.#incoming.size > MOST) this.#incoming.clear();
      this.#incoming.add(cookie);
    }
    if (peer === null) return;
    switch (event.event) {
      case "connect": {
        const exchange = this.#of(event, false);
        if (event.outcome === "failed") exchange.failures++;
        else exchange.connections++;
        break;
      }
      case "accept":
        this.#of(event, true).connections++;
        break;
      case "send": {
        const exchange = this.#of(event, false);
        exchange.datagrams += event.datagrams ?? 0;
        exchange.failures += event.failed ?? 0;
        exchange.bytesSent += event.bytesSent ?? 0;
        break;
      }
      case "close": {
        // Bytes of datagrams were told when they were sent.
        const stream = event.transport === "tcp";
        const exchange = this.#of(event, cookie !== null && this.#incoming.delete(cookie));
        if (stream) exchange.bytesSent += event.bytesSent ?? 0;
        exchange.bytesReceived += event.bytesReceived ?? 0;
      }
    }
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
