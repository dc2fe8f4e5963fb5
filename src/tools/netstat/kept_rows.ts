/**
 * KeptRows: sockets that are printed once the names of their hosts are known.
 *
 * @module
 */
import { InetCursor } from "../../store/inet_cursor.ts";
import { InetRecords } from "../../store/inet_records.ts";
import type { InetRow } from "../../store/inet_row.ts";
import type { TimerFacts } from "./rows/internet.ts";

/** Records, and what /proc tells of their timers beside the message. */
export class KeptRows {
  readonly #records = new InetRecords();
  #timers: TimerFacts[] = [];

  /** Keeps a socket. */
  push(socket: InetRow, { retransmits, probes }: TimerFacts): void {
    this.#records.add(socket, socket.state, 0, 0);
    this.#timers.push({ retransmits, probes });
  }

  /** Forgets all of them. */
  clear(): void {
    this.#records.clear();
    this.#timers = [];
  }

  /** Calls `use` for each, in order. The cursor moves on after the call. */
  forEach(use: (socket: InetRow, facts: TimerFacts) => void): void {
    const cursor = new InetCursor(this.#records);
    for (let i = 0; i < this.#records.length; i++) use(cursor.to(i), this.#timers[i]!);
  }
}
