/**
 * DecodedSockets: the sockets of a family that has few of them.
 *
 * @module
 */
import type { Socket } from "../model/socket.ts";
import type { DecodeContext, DiagRequest } from "./family.ts";
import type { SocketTable } from "../store/socket_table.ts";

/** Keeps an object for each socket. */
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
