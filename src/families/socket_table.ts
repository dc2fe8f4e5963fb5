/**
 * SocketTable: the sockets of one request, in whatever form the family keeps them.
 *
 * @module
 */
import type { Socket } from "../model/socket.ts";
import type { DecodeContext, DiagRequest } from "./family.ts";

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

/** Of a family whose sockets are few: each becomes an object at once. */
export class DecodedSockets implements SocketTable {
  readonly #request: Pick<DiagRequest, "decode" | "info" | "repeats">;
  readonly #context: DecodeContext;
  readonly #withInfo: boolean;
  #sockets: Socket[] = [];
  readonly #cookies = new Set<Socket["cookie"]>();

  constructor(
    request: Pick<DiagRequest, "decode" | "info" | "repeats">,
    context: DecodeContext,
    withInfo: boolean,
  ) {
    this.#request = request;
    this.#context = context;
    this.#withInfo = withInfo;
  }

  get length(): number {
    return this.#sockets.length;
  }

  add(view: DataView, start: number, end: number): number {
    const socket = this.#request.decode(view, start, end, this.#context);
    if (socket === null) return -1;
    if (this.#request.repeats && socket.cookie !== null) {
      if (this.#cookies.has(socket.cookie)) return -1;
      this.#cookies.add(socket.cookie);
    }
    if (this.#withInfo) {
      // Lines of /proc have no attributes.
      socket.info = this.#context.source === "proc"
        ? null
        : this.#request.info?.(view, start, end) ?? null;
    }
    return this.#sockets.push(socket) - 1;
  }

  at(number: number): Socket {
    return this.#sockets[number]!;
  }

  keep(number: number): Socket {
    return this.#sockets[number]!;
  }

  clear(): void {
    this.#sockets = [];
    this.#cookies.clear();
  }
}
