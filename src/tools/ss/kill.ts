/**
 * `-K`: closes sockets, one request each, and shows those that were closed.
 *
 * ss shows more: rows of families that cannot be closed, and rows from /proc, whether they were closed or not. Here a row
 * that is shown was closed.
 *
 * @module
 */
import { SyscallError } from "../../../ffi/errno.ts";
import { destroyRequest } from "../../families/inet/destroy.ts";
import type { InetMessage } from "../../families/inet/message.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../../netlink/connection.ts";
import { execute } from "../../netlink/execute.ts";
import { NetlinkError } from "../../netlink/error.ts";
import { isHarmless, KillRefused } from "./inet_tables.ts";

/** Closes sockets over a connection of its own, because the dump's is busy. */
export class Killer {
  readonly #connection = new Connection(NETLINK_SOCK_DIAG);

  /**
   * Closes the socket of a message. Returns false when it was gone already, or is of a kind that cannot be closed. Throws
   * {@linkcode KillRefused} for what will not work for others either, such as a missing right.
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

  /** Gives the connection back. */
  end(): void {
    this.#connection.close();
  }
}
