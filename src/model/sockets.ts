/**
 * Sockets: many of them, in an order. An array is one form; the other is made for very many, keeps the kernel's messages,
 * and shows one socket at a time.
 *
 * @module
 */
import type { Socket } from "./socket.ts";

/**
 * Sockets in an order.
 *
 * Of the form for very many, what {@linkcode Sockets.at} and the iteration give is a window: it shows the socket, endpoints
 * and owners included, until the next one is asked for. Whoever keeps a socket takes it from an array.
 */
export interface Sockets extends Iterable<Socket> {
  readonly length: number;
  /** The socket at a place from 0 to below the length. */
  at(place: number): Socket | undefined;
  /** Those that are wanted, in the same order. */
  filter(wanted: (socket: Socket) => boolean): Sockets;
  /** True when one is as asked for. */
  some(test: (socket: Socket) => boolean): boolean;
}
