/**
 * The order of a listing: the same for the same sockets.
 *
 * @module
 */
import type { EndpointTraits } from "../families/family.ts";
import { endpointTraits } from "../families/mod.ts";
import { type Endpoint, FAMILIES, type Socket, TRANSPORTS } from "../model/socket.ts";

const TRANSPORT_ORDER = new Map(TRANSPORTS.map((transport, i) => [transport, i]));
const FAMILY_ORDER = new Map(FAMILIES.map((family, i) => [family, i]));

/**
 * The sockets in order: by transport, port and family; then what is not connected, by address; then what is, the oldest first.
 * The last two are decided by numbers alone, each worked out once, because there may be 100,000 connections to one port.
 */
export function sorted(sockets: readonly Socket[]): Socket[] {
  const keys = Float64Array.from(sockets, sortKey);
  const ages = Float64Array.from(sockets, age);
  const order = Uint32Array.from(keys.keys());
  order.sort((i, j) =>
    keys[i]! - keys[j]! || ages[i]! - ages[j]! || compareAlike(sockets[i]!, sockets[j]!)
  );
  return Array.from(order, (i) => sockets[i]!);
}

// A rank is a port: 16 bits, or 32 in vsock. All in all far below 2^53.
function sortKey(socket: Socket): number {
  const rank = endpointTraits(socket.family).rank(socket.local);
  return ((TRANSPORT_ORDER.get(socket.transport)! * 0x1_0000_0000 + rank) * 16 +
        FAMILY_ORDER.get(socket.family)!) * 2 + Number(socket.peer !== null);
}

// Cookies are given out one after the other. 0 where only the addresses can decide: also where there are no ports, because
// many connections then share a name that a reader looks for, and few a name and a peer.
function age({ family, local, peer, cookie }: Socket): number {
  if (peer === null || cookie === null || endpointTraits(family).rank(local) === 0) return 0;
  return Number(cookie);
}

/** Compares two sockets of one family. */
function compareAlike(a: Socket, b: Socket): number {
  const traits = endpointTraits(a.family);
  return traits.compare(a.local, b.local) ||
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
