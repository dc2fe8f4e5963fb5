/**
 * DatagramReceiver: the loop that waits for datagrams, for dumps, acknowledged requests and events alike.
 *
 * @module
 */
import { MSG_TRUNC } from "../../ffi/socket.ts";
import { DecodeError } from "../model/decode_error.ts";
import type { NetlinkSocket } from "./connection.ts";
import { MessageCursor } from "./message.ts";

/**
 * Gives one datagram after another, as the kernel sends them.
 *
 * ```ts
 * import { Connection, DatagramReceiver, MessageBuilder, NETLINK_ROUTE, NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE } from "./src/netlink/mod.ts";
 *
 * const RTM_GETLINK = 18;
 * const route = new Connection(NETLINK_ROUTE);
 * route.send(new MessageBuilder(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP).zeros(16).finish());
 * const receiver = new DatagramReceiver(route, "list links");
 * let links = 0;
 * for (let done = false; !done;) {
 *   const message = receiver.next();
 *   while (message.next()) {
 *     if (message.type === NLMSG_DONE) done = true;
 *     else links++;
 *   }
 * }
 * route.close();
 * console.log(links > 0); // → true
 * ```
 */
export class DatagramReceiver {
  readonly #socket: NetlinkSocket;
  readonly #operation: string;
  readonly #message: MessageCursor;
  #slot = 0;
  #count = 0;

  /** `operation` names what is read in errors. */
  constructor(socket: NetlinkSocket, operation: string) {
    this.#socket = socket;
    this.#operation = operation;
    this.#message = new MessageCursor(socket.datagrams.data, 0, 0);
  }

  /**
   * A cursor over the messages of the next datagram, valid until the next call; waits for a datagram when none is left. Passes
   * over what did not come from the kernel: any process may send to a netlink port.
   *
   * Throws SyscallError when the socket fails, {@linkcode DecodeError} for a datagram that did not fit its slot. The one
   * after it can still be read.
   */
  next(): MessageCursor {
    const { datagrams } = this.#socket;
    for (;;) {
      while (this.#slot < this.#count) {
        const slot = this.#slot++;
        if (datagrams.senderPortId(slot) !== 0) continue;
        const start = slot * datagrams.slotSize;
        if ((datagrams.flags(slot) & MSG_TRUNC) !== 0) {
          throw new DecodeError(
            this.#operation,
            start,
            `a datagram is longer than ${datagrams.slotSize} bytes`,
          );
        }
        this.#message.reset(datagrams.data, start, start + datagrams.length(slot));
        return this.#message;
      }
      this.#slot = 0;
      this.#count = 0;
      this.#count = this.#socket.receive();
    }
  }
}
