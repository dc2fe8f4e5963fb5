/**
 * SocketTable: the sockets of one request, in the form that its family keeps them in.
 *
 * @module
 */
import type { Core } from "../core/gears.ts";
import type { Socket } from "../model/socket.ts";

/** Sockets by number, in the order in which they came. */
export interface SocketTable {
  /** The core that has the records in its arena; `null` or absent where none has. */
  readonly core?: Core | null;
  readonly length: number;
  /** Takes a message. Returns the socket's number, or -1 when the query does not want it. Throws DecodeError. */
  add(view: DataView, start: number, end: number): number;
  /**
   * Takes a run of messages, headers included, found in order, as far as it can without looking at each by itself. Returns the offset of
   * the first that it did not take. Absent: {@linkcode SocketTable.add} takes all.
   */
  addRun?(view: DataView, start: number, end: number): number;
  /** The socket of a number, until the next one is asked for. */
  at(number: number): Socket;
  /** The socket of a number, as an object that stays valid. The same number gives the same object. */
  keep(number: number): Socket;
  /** Forgets all of them. */
  clear(): void;
}
