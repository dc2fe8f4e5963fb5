/**
 * EventSource: where events come from.
 *
 * @module
 */
import type { SocketEvent, WatchEvent, WatchSource } from "../model/event.ts";
import type { Socket } from "../model/socket.ts";

/** A source of events. */
export interface EventSource extends Disposable {
  readonly source: WatchSource;
  /** A descriptor that poll(2) finds ready for reading when there is something to pick up; `null` for none. */
  readonly fd: number | null;
  /** How long to wait at most before the next {@linkcode pickUp}, even if the descriptor is not ready. */
  readonly pauseMs: number;
  /** Learns of the sockets that are there, which is done once, when the source is open already. */
  begin(existing: () => Iterable<Socket>): void;
  /** Hands out what has happened. Returns true if there is more to pick up at once. */
  pickUp(emit: (event: WatchEvent) => void): boolean;
  /** The start of the program that did this, if it was seen and not given before. */
  execBefore(event: SocketEvent): SocketEvent | null;
  /** Hands out what is left, and stops. Nothing new happens from then on. */
  end(emit: (event: WatchEvent) => void): void;
}
