/**
 * The order of a listing: by transport, port, address, peer; the same for the same sockets.
 *
 * @module
 */
import { type Endpoint, FAMILIES, type Socket, TRANSPORTS } from "../model/socket.ts";

const TRANSPORT_ORDER = new Map(TRANSPORTS.map((transport, i) => [transport, i]));
const FAMILY_ORDER = new Map(FAMILIES.map((family, i) => [family, i]));

/** Compares two sockets for sort. */
export function compareSockets(a: Socket, b: Socket): number {
  return TRANSPORT_ORDER.get(a.transport)! - TRANSPORT_ORDER.get(b.transport)! ||
    a.local.port - b.local.port ||
    FAMILY_ORDER.get(a.family)! - FAMILY_ORDER.get(b.family)! ||
    compareText(a.local.address, b.local.address) ||
    comparePeers(a.peer, b.peer) ||
    (a.netns?.inode ?? 0) - (b.netns?.inode ?? 0) ||
    (a.inode ?? 0) - (b.inode ?? 0) ||
    compareCookies(a.cookie, b.cookie);
}

function comparePeers(a: Endpoint | null, b: Endpoint | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return compareText(a.address, b.address) || a.port - b.port;
}

// Not localeCompare: it loads the locale data, and the order would depend on it.
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareCookies(a: Socket["cookie"], b: Socket["cookie"]): number {
  const left = a ?? 0;
  const right = b ?? 0;
  return left < right ? -1 : left > right ? 1 : 0;
}
