/**
 * Selection: from all sockets that were read, with their owners, to those that were asked for.
 *
 * @module
 */
import { familyOf } from "../families/mod.ts";
import { attachPeers } from "../join/peers.ts";
import type { Socket } from "../model/socket.ts";
import type { Users } from "../proc/users.ts";
import { filtersByOwner, type Query } from "../query.ts";
import { matchesOwner } from "./owner_match.ts";

/**
 * Names the other ends, then leaves out the sockets that were read only for that, and those whose owners were not asked
 * for.
 */
export function selectSockets(sockets: readonly Socket[], query: Query, users: Users): Socket[] {
  attachPeers(sockets);
  const byOwner = filtersByOwner(query);
  return sockets.filter((socket) =>
    (familyOf(socket.family).shows?.(socket, query) ?? true) &&
    (!byOwner || matchesOwner(socket, query, users))
  );
}
