/**
 * The order of a listing: by transport, port, address, peer; the same for the same sockets.
 *
 * @module
 */
import type { EndpointTraits } from "../families/family.ts";
import { endpointTraits } from "../families/mod.ts";
import { type Endpoint, FAMILIES, type Socket, TRANSPORTS } from "../model/socket.ts";

const TRANSPORT_ORDER = new Map(TRANSPORTS.map((transport, i) => [transport, i]));
const FAMILY_ORDER = new Map(FAMILIES.map((family, i) => [family, i]));

/** Compares two sockets for sort. */
export function compareSockets(a: Socket, b: Socket): number {
  const traits = endpointTraits(a.family);
  return TRANSPORT_ORDER.get(a.transport)! - TRANSPORT_ORDER.get(b.transport)! ||
    traits.rank(a.local) - endpointTraits(b.family).rank(b.local) ||
    FAMILY_ORDER.get(a.family)! - FAMILY_ORDER.get(b.family)! ||
    // Of one family from here on.
    traits.compare(a.local, b.local) ||
    comparePeers(a.peer, b.peer, traits) ||
    (a.netns?.inode ?? 0) - (b.netns?.inode ?? 0) ||
    (a.inode ?? 0) - (b.inode ?? 0) ||
    compareCookies(a.cookie, b.cookie);
}

function comparePeers(a: Endpoint | null, b: Endpoint | null, traits: EndpointTraits): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return traits.compare(a, b);
}

function compareCookies(a: Socket["cookie"], b: Socket["cookie"]): number {
  const left = a ?? 0;
  const right = b ?? 0;
  return left < right ? -1 : left > right ? 1 : 0;
}
