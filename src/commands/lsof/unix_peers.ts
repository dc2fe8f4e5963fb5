/**
 * Peers of unix sockets, by inode, from unix_diag: include/uapi/linux/unix_diag.h.
 *
 * @module
 */
import { SyscallError } from "../../../ffi/errno.ts";
import { AF_UNIX } from "../../../ffi/socket.ts";
import type { Diagnostics } from "../../diagnostics.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { AttributeCursor } from "../../netlink/attribute.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../../netlink/connection.ts";
import { dump } from "../../netlink/dump.ts";
import { NetlinkError } from "../../netlink/error.ts";
import { SOCK_DIAG_BY_FAMILY } from "../../families/inet/uapi.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "../../netlink/header.ts";
import { MessageBuilder } from "../../netlink/message.ts";

const UDIAG_SHOW_PEER = 0x4;
const UDIAG_SHOW_ICONS = 0x8;
const UNIX_DIAG_PEER = 2;
const UNIX_DIAG_ICONS = 3;
/** struct unix_diag_msg: family u8 0, type u8 1, state u8 2, ino u32 4, cookie u32[2] 8. */
const MSG_SIZE = 16;
const MSG_INODE = 4;

/** Who is connected to whom. */
export interface UnixPeers {
  /** The other end. */
  readonly peers: ReadonlyMap<number, number>;
  /** For a listener: the clients whose connections wait to be accepted. */
  readonly waiting: ReadonlyMap<number, readonly number[]>;
}

/** Asks the kernel; what it does not tell stays empty, and the diagnostics say why. */
export function readUnixPeers(diagnostics: Diagnostics): UnixPeers {
  const peers = new Map<number, number>();
  const waiting = new Map<number, number[]>();
  const request = new MessageBuilder(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP)
    .u8(AF_UNIX)
    .u8(0)
    .u8(0)
    .u8(0)
    .u32(0xffff_ffff)
    .u32(0)
    .u32(UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS)
    .u32(0xffff_ffff)
    .u32(0xffff_ffff)
    .finish();
  try {
    const connection = new Connection(NETLINK_SOCK_DIAG);
    try {
      dump(connection, request, "unix", {
        message(view, start, end) {
          if (end - start < MSG_SIZE) {
            throw new DecodeError("unix_diag_msg", start, `${end - start} bytes`);
          }
          const inode = view.getUint32(start + MSG_INODE, true);
          const attributes = new AttributeCursor(view, start + MSG_SIZE, end);
          while (attributes.next()) {
            const { type, offset, length } = attributes;
            if (type === UNIX_DIAG_PEER && length >= 4) {
              const peer = view.getUint32(offset, true);
              if (peer !== 0) {
                peers.set(inode, peer);
                if (!peers.has(peer)) peers.set(peer, inode);
              }
            } else if (type === UNIX_DIAG_ICONS) {
              const clients: number[] = [];
              for (let at = 0; at + 4 <= length; at += 4) {
                clients.push(view.getUint32(offset + at, true));
              }
              waiting.set(inode, clients);
            }
          }
        },
        restart() {
          peers.clear();
          waiting.clear();
        },
      });
    } finally {
      connection.close();
    }
  } catch (error) {
    if (
      !(error instanceof NetlinkError || error instanceof SyscallError ||
        error instanceof DecodeError)
    ) throw error;
    diagnostics.note(`peers of unix sockets: ${error.message}`);
  }
  return { peers, waiting };
}
