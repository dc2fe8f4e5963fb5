/**
 * The reach of the sockets of a listing, which may be in the core.
 *
 * @module
 */
import type { Netns } from "../model/socket.ts";
import type { Sockets } from "../model/sockets.ts";
import { fillReach } from "../reach/bind.ts";
import type { InterfaceTable, UnreadInterfaces } from "../reach/interfaces.ts";
import { coreRows } from "../store/in_core.ts";

/** Like {@linkcode fillReach}. */
export function fillReachOfRows(
  sockets: Sockets,
  surroundingsOf: (netns: Netns | null) => InterfaceTable | UnreadInterfaces | null,
): void {
  const rows = coreRows(sockets);
  rows?.fillReach((socket) => fillReach([socket], surroundingsOf));
  fillReach(rows?.rest ?? sockets, surroundingsOf);
}
