/**
 * `-K`: closes sockets, one request each, and shows those that were closed.
 *
 * ss shows more: rows of families that cannot be closed, and rows from /proc, whether they were closed or not. Here a row
 * that is shown was closed.
 *
 * @module
 */
import { SyscallError } from "../../../ffi/errno.ts";
import type { InetMessage } from "../../families/inet/message.ts";
import * as uapi from "../../families/inet/uapi.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../../netlink/connection.ts";
import { execute } from "../../netlink/dump.ts";
import { NetlinkError } from "../../netlink/error.ts";
import { NLM_F_ACK, NLM_F_REQUEST } from "../../netlink/header.ts";
import { MessageBuilder } from "../../netlink/message.ts";
import { isHarmless, KillRefused } from "./inet.ts";

/** SOCK_DESTROY for the socket of a message, its cookie included, so that no other one is hit. */
export function destroyRequest(message: InetMessage, protocol: number): Uint8Array<ArrayBuffer> {
  const { view, start } = message;
  const rawProtocol = Math.max(0, message.u8Attribute(uapi.INET_DIAG_PROTOCOL));
  return new MessageBuilder(uapi.SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK)
    .u8(message.family)
    .u8(Math.min(protocol, uapi.IPPROTO_RAW))
    .u8(0)
    .u8(protocol === uapi.IPPROTO_RAW ? rawProtocol : 0)
    .u32(0)
    .bytes(
      new Uint8Array(
        view.buffer,
        view.byteOffset + start + uapi.MSG_SOCKID,
        uapi.SOCKID_SIZE,
      ),
    )
    .finish();
}

/** Closes sockets over a connection of its own, because the dump's is busy. */
export class Killer {
  readonly #connection = new Connection(NETLINK_SOCK_DIAG);

  /**
   * Closes the socket of a message. Returns false when it was gone already, or is of a kind that cannot be closed. Throws
   * {@linkcode KillRefused} for what will not work for others either, such as a missing right.
   */
  close(message: InetMessage, protocol: number): boolean {
    try {
      execute(this.#connection, destroyRequest(message, protocol), "SOCK_DESTROY");
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
