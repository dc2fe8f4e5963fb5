/**
 * Selection: adds owners, other ends and reach to the sockets that were read, and selects those that were asked for.
 *
 * @module
 */
import type { QueryFilter } from "./query_filter.ts";
import { coreRows } from "../store/in_core.ts";
import { kept } from "../store/socket_rows.ts";
import { familiesNamed, familyOf } from "../families/mod.ts";
import { attachPeers } from "../join/peers.ts";
import type { Sockets } from "../model/sockets.ts";
import type { Users } from "../etc/users.ts";
import { filtersByOwner, type Query } from "../query.ts";
import { matchesOwner } from "./owner_match.ts";

/** Adds what the tables of sockets do not tell. */
interface Completer {
  /** Fills in owners. */
  owners(sockets: Sockets): void;
  /** Fills in reach. */
  reach(sockets: Sockets): void;
}

/**
 * Completes sockets and returns those that are wanted, in the same order. Sockets that were read only as the other end of
 * another are dropped once the ends have names. Expensive work is done for as few sockets as possible.
 */
export function selectSockets(
  sockets: Sockets,
  query: Query,
  filter: QueryFilter | null,
  users: Users,
  completer: Completer,
): Sockets {
  let wanted = sockets;
  const needs = filter?.needs;
  // Owners need a walk over all processes and reach is cheap, so sockets that reach alone rejects are dropped first. Families
  // that are not filtered by row are kept whole, because their sockets name each other's ends.
  if (filter !== null && needs !== undefined && !needs.owners && filter.hasRest) {
    if (needs.reach) completer.reach(wanted);
    wanted = wanted.filter((socket) => !filter.byRow(socket) || filter.accepts(socket));
  }
  // Without sockets no owner is missing, so processes that cannot be read are no gap.
  if (wanted.length > 0) completer.owners(wanted);
  // Internet sockets have no other end in these tables.
  const ends = coreRows(wanted)?.rest ?? wanted;
  attachPeers(kept(ends.filter(({ peerOwners }) => peerOwners !== null)));
  const byOwner = filtersByOwner(query);
  const someShown = familiesNamed(query.families).some(({ shows }) => shows !== undefined);
  if (byOwner || someShown) {
    wanted = wanted.filter((socket) =>
      (familyOf(socket.family).shows?.(socket, query) ?? true) &&
      (!byOwner || matchesOwner(socket, query, users))
    );
  }
  const accepted = () =>
    filter === null ? wanted : wanted.filter((socket) => filter.accepts(socket));
  if (needs?.reach) {
    completer.reach(wanted);
    return accepted();
  }
  wanted = accepted();
  completer.reach(wanted);
  return wanted;
}
