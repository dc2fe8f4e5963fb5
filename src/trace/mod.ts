/**
 * The wire trace of `--trace`: every netlink message, decoded, on standard error.
 *
 * Nothing of this is loaded without the flag.
 *
 * @module
 */
import { DecodeError } from "../model/decode_error.ts";
import {
  type Connection,
  type ConnectionObserver,
  NETLINK_SOCK_DIAG,
  observeConnections,
} from "../netlink/connection.ts";
import { NLMSG_HEADER_SIZE } from "../netlink/header.ts";
import { MessageCursor } from "../netlink/message.ts";
import type { Writer } from "../text/writer.ts";
import { formatMessage } from "./format.ts";
import { PROTOCOLS } from "./names.ts";

/** Traces connections that are opened from now on, and goes on to the end of the program. */
export function startTrace(err: Writer): void {
  observeConnections(new Tracer(err));
}

/** Writes what it sees, so that a trace ends where the program did. */
class Tracer implements ConnectionObserver {
  readonly #err: Writer;
  /** Connection → address family of its last request. */
  readonly #families = new Map<Connection, number>();

  constructor(err: Writer) {
    this.#err = err;
  }

  opened(connection: Connection): void {
    const { protocol, portId } = connection;
    this.#write(`= ${PROTOCOLS[protocol] ?? `netlink protocol ${protocol}`} port_id=${portId}\n`);
  }

  sent(connection: Connection, request: Uint8Array): void {
    const view = new DataView(request.buffer, request.byteOffset, request.byteLength);
    const { protocol } = connection;
    const family = protocol === NETLINK_SOCK_DIAG && request.length > NLMSG_HEADER_SIZE
      ? view.getUint8(NLMSG_HEADER_SIZE)
      : 0;
    this.#families.set(connection, family);
    this.#messages(view, 0, request.length, connection, true);
  }

  received(connection: Connection, count: number): void {
    const { datagrams } = connection;
    for (let slot = 0; slot < count; slot++) {
      const sender = datagrams.senderPortId(slot);
      if (sender !== 0) {
        this.#write(`< ${datagrams.length(slot)} bytes from port ${sender}, not the kernel\n`);
        continue;
      }
      const start = slot * datagrams.slotSize;
      const length = Math.min(datagrams.length(slot), datagrams.slotSize);
      this.#messages(datagrams.data, start, start + length, connection, false);
    }
  }

  #messages(
    view: DataView,
    start: number,
    end: number,
    connection: Connection,
    sent: boolean,
  ): void {
    const context = {
      protocol: connection.protocol,
      sent,
      family: this.#families.get(connection) ?? 0,
    };
    const message = new MessageCursor(view, start, end);
    let text = "";
    try {
      while (message.next()) text += formatMessage(message, context);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      text += `${sent ? ">" : "<"} ${error.message}\n`;
    }
    this.#write(text);
  }

  #write(text: string): void {
    this.#err.write(text);
    this.#err.flush();
  }
}
