/**
 * The order of a listing. The same sockets are always listed in the same order.
 *
 * @module
 */
import { coreRows } from "../store/in_core.ts";
import { SocketRows } from "../store/socket_rows.ts";
import type { EndpointTraits } from "../families/family.ts";
import { endpointTraits } from "../families/mod.ts";
import {
  type Endpoint,
  FAMILIES,
  type FamilyName,
  type Socket,
  TRANSPORTS,
} from "../model/socket.ts";
import type { Sockets } from "../model/sockets.ts";
import { radixOrder } from "./radix_order.ts";

const numbered = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name, i) => [name, i])) as Readonly<Record<Name, number>>;
const TRANSPORT_ORDER = numbered(TRANSPORTS);
const FAMILY_ORDER = numbered(FAMILIES);

/** The sockets in order: see {@linkcode orderOf}. */
export function sorted(sockets: readonly Socket[]): Socket[] {
  return Array.from(orderOf(sockets, (place) => sockets[place]!), (place) => sockets[place]!);
}

/** The sockets in order, in the form they were given in. */
export function inOrder(sockets: Sockets): Sockets {
  if (!(sockets instanceof SocketRows)) return sorted([...sockets]);
  const inCore = coreRows(sockets);
  if (inCore !== null) {
    const { rest } = inCore;
    const others = rest.select(orderOf(rest, (place) => rest.keep(place)));
    // All other transports come behind those of the internet.
    return SocketRows.listed(
      inCore.sort(({ facts }) => TRANSPORT_ORDER[facts.transport], compareAlike),
      others,
    );
  }
  return sockets.select(orderOf(sockets, (place) => sockets.keep(place)));
}

/**
 * The places of sockets in order: by transport, port and family, then sockets that are not connected by address, then
 * connections, the oldest first. Connections are ordered by cookie alone, because there may be a million to one port. `keep`
 * returns a socket that stays valid while it is compared with another.
 */
function orderOf(sockets: Sockets, keep: (place: number) => Socket): Uint32Array {
  const count = sockets.length;
  // The column that decides first comes last.
  const columns = Array.from({ length: 5 }, () => new Uint32Array(count)) as Columns;
  const [young, old, kind, rank, transport] = columns;
  let place = 0;
  let family: FamilyName | null = null;
  let traits!: EndpointTraits;
  for (const socket of sockets) {
    if (socket.family !== family) traits = endpointTraits(family = socket.family);
    const port = traits.rank(socket.local);
    const { peer, cookie } = socket;
    transport[place] = TRANSPORT_ORDER[socket.transport];
    rank[place] = port;
    kind[place] = FAMILY_ORDER[family] * 2 + Number(peer !== null);
    // Cookies are numbered in the order in which they are made. Where there are no ports, 0 stands for the cookie, so that
    // connections are ordered by name and peer: readers look for the name there.
    if (peer !== null && cookie !== null && port !== 0) {
      if (typeof cookie === "number") {
        young[place] = cookie;
        old[place] = cookie / 0x1_0000_0000;
      } else {
        young[place] = Number(cookie & 0xffff_ffffn);
        old[place] = Number(cookie >> 32n);
      }
    } else if (traits.number !== undefined) young[place] = traits.number(socket.local);
    place++;
  }
  const order = radixOrder(columns, count);
  // The columns that differ most often are compared first.
  const alike = (i: number, j: number) =>
    young[i] === young[j] && rank[i] === rank[j] && kind[i] === kind[j] &&
    transport[i] === transport[j] && old[i] === old[j];
  for (let start = 0; start < count;) {
    let end = start + 1;
    while (end < count && alike(order[start]!, order[end]!)) end++;
    if (end - start > 1) {
      order.subarray(start, end).sort((i, j) => compareAlike(keep(i), keep(j)));
    }
    start = end;
  }
  return order;
}

type Columns = [
  young: Uint32Array,
  old: Uint32Array,
  kind: Uint32Array,
  rank: Uint32Array,
  transport: Uint32Array,
];

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
