/**
 * `-K`: closes sockets, with one request each, and shows those that were closed.
 *
 * ss also shows sockets that it did not close: those of other families, and those it has read from /proc.
 *
 * @module
 */
import { SyscallError } from "../../../ffi/errno.ts";
import { destroyRequest } from "../../families/inet/destroy.ts";
import type { InetMessage } from "../../families/inet/message.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../../netlink/connection.ts";
import { execute } from "../../netlink/execute.ts";
import { NetlinkError } from "../../netlink/error.ts";
import { isHarmless, KillRefused } from "./inet_reader.ts";

/** Closes sockets. It has its own connection, because that of the dump is still in use. */
export class Killer {
  readonly #connection = new Connection(NETLINK_SOCK_DIAG);

  /**
   * Closes the socket of a message. Returns false when it no longer exists, or is of a kind that cannot be closed. Throws
   * {@linkcode KillRefused} when no other socket can be closed either, for example without the capability.
   */
  close(message: InetMessage, protocol: number): boolean {
    const request = destroyRequest(message, protocol);
    if (request === null) return false;
    try {
      execute(this.#connection, request, "SOCK_DESTROY");
      return true;
    } catch (error) {
      if (isHarmless(error)) return false;
      if (error instanceof NetlinkError || error instanceof SyscallError) {
        throw new KillRefused(error.message);
      }
      throw error;
    }
  }

  /** Closes the connection. */
  end(): void {
    this.#connection.close();
  }
}
