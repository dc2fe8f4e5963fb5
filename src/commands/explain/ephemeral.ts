/**
 * Counts the ports that the kernel hands out by itself: for each local address, and for each destination.
 *
 * connect(2) needs a port that is not taken towards the same destination, and by no socket that called bind(2). bind(2) to port
 * 0 needs one that nothing has on that address. Source: __inet_hash_connect, inet_csk_find_open_port.
 *
 * @module
 */
import type {
  Destination,
  EphemeralReport,
  EphemeralUse,
  PortShare,
} from "../../model/ephemeral.ts";
import { isWildcard } from "../../model/endpoint.ts";
import type { Process } from "../../model/owner.ts";
import { hasPort } from "../../model/port_range.ts";
import type { Socket, Transport } from "../../model/socket.ts";
import type { PortSettings } from "../../reach/settings.ts";

/** So many destinations of an address are told. */
const MOST = 5;

interface DestinationDraft {
  readonly peer: Destination["peer"];
  readonly ports: Set<number>;
  readonly shares: Map<number, { readonly process: Process; readonly ports: Set<number> }>;
}

interface UseDraft {
  readonly transport: Transport;
  readonly address: string;
  readonly ports: Set<number>;
  readonly alive: Set<number>;
  readonly destinations: Map<string, DestinationDraft>;
}

/** `sockets`: all of one network namespace. `null` where the range is not known. */
export function countEphemeral(
  sockets: readonly Socket[],
  { ephemeral, reserved }: PortSettings,
): EphemeralReport | null {
  if (ephemeral === null) return null;
  const [first, last] = ephemeral;
  const isChosen = (port: number) => port >= first && port <= last && !hasPort(reserved, port);
  let size = 0;
  for (let port = first; port <= last; port++) if (!hasPort(reserved, port)) size++;
  const uses = new Map<string, UseDraft>();
  const taken = new Set<number>();
  for (const socket of sockets) {
    const { local, peer, transport, state } = socket;
    if (!("address" in local) || !isChosen(local.port)) continue;
    if (transport !== "tcp" && transport !== "udp") continue;
    const address = local.address.replace(/^::ffff:(?=\d+\.)/, "");
    const key = `${transport} ${address}`;
    let use = uses.get(key);
    if (use === undefined) {
      use = { transport, address, ports: new Set(), alive: new Set(), destinations: new Map() };
      uses.set(key, use);
    }
    use.ports.add(local.port);
    taken.add(local.port);
    if (state !== "time_wait") use.alive.add(local.port);
    const connected = peer !== null && "address" in peer && !isWildcard(peer.address) ? peer : null;
    const to = connected === null ? "" : `${connected.address} ${connected.port}`;
    let destination = use.destinations.get(to);
    if (destination === undefined) {
      destination = {
        peer: connected === null ? null : { address: connected.address, port: connected.port },
        ports: new Set(),
        shares: new Map(),
      };
      use.destinations.set(to, destination);
    }
    destination.ports.add(local.port);
    for (const { process } of socket.owners) {
      const share = destination.shares.get(process.pid) ?? { process, ports: new Set<number>() };
      share.ports.add(local.port);
      destination.shares.set(process.pid, share);
    }
  }
  return {
    range: { first, last },
    size,
    taken: taken.size,
    uses: [...uses.values()].map(finished).sort((a, b) => b.ports - a.ports),
  };
}

function finished({ transport, address, ports, alive, destinations }: UseDraft): EphemeralUse {
  const sorted = [...destinations.values()].sort((a, b) => b.ports.size - a.ports.size);
  return {
    transport,
    address,
    ports: ports.size,
    timeWait: ports.size - alive.size,
    destinations: sorted.slice(0, MOST).map((one): Destination => ({
      peer: one.peer,
      ports: one.ports.size,
      shares: [...one.shares.values()].map((share): PortShare => ({
        process: share.process,
        ports: share.ports.size,
      })).sort((a, b) => b.ports - a.ports || a.process.pid - b.process.pid),
    })),
    otherDestinations: Math.max(0, sorted.length - MOST),
  };
}

/** The uses that leave no port: for bind(2) to port 0, or for connect(2) to one destination. */
export function usedUp({ size, uses }: EphemeralReport): EphemeralUse[] {
  return uses.filter(({ ports, destinations }) =>
    ports >= size ||
    destinations.some((destination) => destination.peer !== null && destination.ports >= size)
  );
}
