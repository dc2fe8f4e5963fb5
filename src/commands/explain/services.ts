/**
 * Services: which addresses are one service, so that it is told once.
 *
 * @module
 */
import type { Socket } from "../../model/socket.ts";
import { isWildcard } from "../../model/endpoint.ts";
import { forwardOf } from "./reach.ts";

/**
 * Puts the addresses together that have a port and their owners in common, such as those of IPv4 and IPv6. Each group holds the
 * sockets of one address. A wildcard comes first.
 */
export function servicesOf(groups: readonly (readonly Socket[])[]): (readonly Socket[])[][] {
  const services = new Map<string, (readonly Socket[])[]>();
  for (const group of groups) {
    const key = keyOf(group);
    const known = services.get(key);
    if (known === undefined) services.set(key, [group]);
    else known.push(group);
  }
  return [...services.values()].map((ends) =>
    ends.sort(([a], [b]) => Number(isWild(b!)) - Number(isWild(a!)))
  );
}

const isWild = ({ local }: Socket) => "address" in local && isWildcard(local.address);

function keyOf(group: readonly Socket[]): string {
  const [first] = group as readonly [Socket];
  const { netns, transport, local, state } = first;
  if (!("address" in local)) return `inode ${first.inode}`;
  return [netns?.inode, transport, local.port, state, ownersOf(group)].join();
}

// Of owners that are not seen, a common user and the same reason say that they are the same as far as anybody can tell.
function ownersOf(group: readonly Socket[]): string {
  const pids = new Set(group.flatMap(({ owners }) => owners.map(({ pid }) => pid)));
  const [first] = group as readonly [Socket];
  if (pids.size === 0) return `${first.ownership} ${first.uid}`;
  // A proxy is one process for each address of the host.
  const forward = forwardOf(first.owners.map(({ process }) => process), first);
  if (forward !== null) return `to ${forward.address} ${forward.port}`;
  return [...pids].sort((a, b) => a - b).join(" ");
}
