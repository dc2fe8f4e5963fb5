/**
 * Service: the sockets that a person takes for one: siblings by SO_REUSEPORT, the same over IPv4 and IPv6, and several addresses
 * of one port, of the same owners.
 *
 * @module
 */
import { familyOf } from "../../families/mod.ts";
import type { Owner } from "../../model/owner.ts";
import type { Scope, Socket } from "../../model/socket.ts";
import { type ProcessLookup, storiesOf, type Story } from "./story.ts";

/** One row of the screen. */
export interface Service {
  /** At least one, in the order of the listing. They differ in nothing but address and owners. */
  readonly sockets: readonly Socket[];
  /** None where the owners are not known. */
  readonly stories: readonly Story[];
}

/** From narrow to wide, as far as a decision depends on it. What is not known may be anything. */
const WIDTH: readonly Scope[] = [
  "loopback",
  "host",
  "link_local",
  "container",
  "private",
  "multicast",
  "unknown",
  "any",
  "public",
];

/** The socket of a service that can be reached from farthest. */
export function widest({ sockets }: Service): Socket {
  return sockets.reduce((wide, socket) => width(socket) > width(wide) ? socket : wide);
}

/** How far a socket can be reached, to be compared. */
export function width({ reach }: Socket): number {
  return WIDTH.indexOf(reach.scope);
}

/** The sockets as services, in their order. A connection is a row of its own, and so is a socket of a family without ports. */
export function servicesOf(sockets: readonly Socket[], lookUp: ProcessLookup): Service[] {
  const ports = new Map<string, Socket[]>();
  const rows: { readonly key: string | null; readonly socket: Socket }[] = [];
  for (const socket of sockets) {
    const key = portOf(socket);
    rows.push({ key, socket });
    if (key === null) continue;
    const same = ports.get(key);
    if (same === undefined) ports.set(key, [socket]);
    else same.push(socket);
  }
  const split = new Map([...ports].map(([key, same]) => [key, byOwners(same, lookUp)]));
  return rows.flatMap(({ key, socket }): readonly Service[] => {
    if (key === null) {
      return [{
        sockets: [socket],
        stories: [...storiesOf(socket.owners, lookUp).stories.values()],
      }];
    }
    // All of a port stand where its first socket does.
    const services = split.get(key)!;
    split.set(key, []);
    return services;
  });
}

// What the sockets of a service have in common; `null` for one that is none.
function portOf(socket: Socket): string | null {
  const { netns, transport, state, local, protocol } = socket;
  if (!("port" in local) || !("address" in local) || !familyOf(socket.family).serves(socket)) {
    return null;
  }
  return [netns?.inode, transport, protocol, state, local.port].join();
}

function byOwners(sockets: readonly Socket[], lookUp: ProcessLookup): Service[] {
  const { stories, leaderOf } = storiesOf(allOwners(sockets), lookUp);
  const services = new Map<string, Socket[]>();
  for (const socket of sockets) {
    const leaders = new Set(socket.owners.map(({ pid }) => leaderOf.get(pid)!));
    const key = leaders.size > 0
      ? [...leaders].sort((a, b) => a - b).join()
      : `${socket.ownership} ${socket.uid} ${socket.cgroupId}`;
    const same = services.get(key);
    if (same === undefined) services.set(key, [socket]);
    else same.push(socket);
  }
  return [...services].map(([key, sockets]) => ({
    sockets,
    stories: sockets[0]!.owners.length === 0
      ? []
      : key.split(",").map((leader) => stories.get(Number(leader))!),
  }));
}

function* allOwners(sockets: readonly Socket[]): Generator<Owner> {
  for (const { owners } of sockets) yield* owners;
}
