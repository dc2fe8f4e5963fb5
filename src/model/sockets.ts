/**
 * Sockets: many of them, in an order. An array is one form. The other is SocketRows of the store, for very many: it keeps
 * numbers, and shows one socket at a time.
 *
 * @module
 */
import type { Socket } from "./socket.ts";

/**
 * Sockets in an order.
 *
 * The form for very many gives one object, by {@linkcode Sockets.at} and by iteration, which moves from socket to socket like a
 * cursor. It shows a socket, endpoints and owners included, until the next one is asked for. Who wants to keep a socket takes
 * it from an array.
 */
export interface Sockets extends Iterable<Socket> {
  readonly length: number;
  /** The socket at a place from 0 to below the length. */
  at(place: number): Socket | undefined;
  /** The wanted ones, in the same order. */
  filter(wanted: (socket: Socket) => boolean): Sockets;
  /** True when the test is true of at least one. */
  some(test: (socket: Socket) => boolean): boolean;
}
