/**
 * SocketTable: the sockets of one request, in whatever form the family keeps them.
 *
 * @module
 */
import type { Socket } from "../model/socket.ts";

/** Sockets by number, in the order they came. */
export interface SocketTable {
  readonly length: number;
  /** Takes a message in. Returns the socket's number, or -1 when the query does not want it. Throws DecodeError. */
  add(view: DataView, start: number, end: number): number;
  /** The socket of a number, to be looked at before the next is asked for. */
  at(number: number): Socket;
  /** The socket of a number, to be kept: the same object each time. */
  keep(number: number): Socket;
  /** Forgets all of them. */
  clear(): void;
}
