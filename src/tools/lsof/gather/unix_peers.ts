/**
 * Peers of unix sockets, by inode.
 *
 * @module
 */
import { SyscallError } from "../../../../ffi/errno.ts";
import type { Diagnostics } from "../../../diagnostics.ts";
import { UnixMessage } from "../../../families/unix/message.ts";
import { dumpRequest } from "../../../families/unix/request.ts";
import { UDIAG_SHOW_ICONS, UDIAG_SHOW_PEER, UNIX_DIAG_ICONS } from "../../../families/unix/uapi.ts";
import { DecodeError } from "../../../model/decode_error.ts";
import { ALL_STATES } from "../../../model/state.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../../../netlink/connection.ts";
import { dumpWhole } from "../../../netlink/dump.ts";
import { NetlinkError } from "../../../netlink/error.ts";

/** Which unix sockets are connected. */
export interface UnixPeers {
  /** From the inode of a socket to that of its peer. */
  readonly peers: ReadonlyMap<number, number>;
  /** From the inode of a listener to those of the clients that wait to be accepted. */
  readonly waiting: ReadonlyMap<number, readonly number[]>;
}

/** Asks the kernel. When that fails the maps stay incomplete, and `diagnostics` gets a gap that says why. */
export function readUnixPeers(diagnostics: Diagnostics): UnixPeers {
  const peers = new Map<number, number>();
  const waiting = new Map<number, number[]>();
  const unix = new UnixMessage();
  try {
    const connection = new Connection(NETLINK_SOCK_DIAG);
    try {
      dumpWhole(connection, dumpRequest(ALL_STATES, UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS), "unix", {
        message(view, start, end) {
          const { inode, peerInode } = unix.at(view, start, end);
          if (peerInode > 0) {
            peers.set(inode, peerInode);
            if (!peers.has(peerInode)) peers.set(peerInode, inode);
          }
          if (unix.has(UNIX_DIAG_ICONS)) waiting.set(inode, unix.waitingInodes);
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
    const reason = `the other ends of unix sockets could not be read: ${error.message}`;
    diagnostics.gap({ kind: "table", reason, detail: { table: "unix" } });
  }
  return { peers, waiting };
}
