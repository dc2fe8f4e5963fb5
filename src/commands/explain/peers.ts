/**
 * Peers: the other ends of connections, and who holds those that are on this machine.
 *
 * @module
 */
import { Diagnostics } from "../../diagnostics.ts";
import type { Process } from "../../model/owner.ts";
import type { ConnectionEnd, Direction, PeerCount } from "../../model/peer.ts";
import type { PortRange } from "../../model/port_range.ts";
import type { Socket } from "../../model/socket.ts";
import { ALL_STATES } from "../../model/state.ts";
import { addressReach } from "../../reach/address.ts";
import { covers } from "../../reach/covers.ts";
import { UnreadInterfaces } from "../../reach/interfaces.ts";
import { takeNetnsSnapshot } from "../../snapshot/netns_snapshot.ts";
import type { ExplainInput } from "./input.ts";

const MOST_RANGES = 64;
/** So many peers are named. */
const MOST_PEERS = 5;

const inputs = new WeakMap<ExplainInput, OtherEnds>();

/** What is known of connections, in their order. */
export function connectionEnds(sockets: readonly Socket[], input: ExplainInput): ConnectionEnd[] {
  const others = otherEnds(input);
  return sockets.map((socket) => ({
    direction: others.direction(socket),
    peers: others.holders(socket),
  }));
}

/** The peers with the most connections, the most first. Connections that are over do not count. */
export function topPeers(
  sockets: readonly Socket[],
  input: ExplainInput,
): { readonly peers: PeerCount[]; readonly others: number } {
  const others = otherEnds(input);
  const counts = new Map<
    string,
    Omit<PeerCount, "count" | "processes"> & {
      count: number;
      readonly processes: Map<number, Process>;
    }
  >();
  for (const socket of sockets) {
    const { peer, state } = socket;
    if (peer === null || !("address" in peer) || state === "time_wait") continue;
    const port = others.direction(socket) === "out" ? peer.port : null;
    const key = `${peer.address} ${port}`;
    let known = counts.get(key);
    if (known === undefined) {
      known = { address: peer.address, port, count: 0, processes: new Map() };
      counts.set(key, known);
    }
    known.count++;
    for (const process of others.holders(socket) ?? []) known.processes.set(process.pid, process);
  }
  const sorted = [...counts.values()].sort((a, b) =>
    b.count - a.count || (a.address < b.address ? -1 : 1)
  );
  return {
    peers: sorted.slice(0, MOST_PEERS).map(({ address, port, count, processes }) => ({
      address,
      port,
      count,
      processes: [...processes.values()].sort((a, b) => a.pid - b.pid),
    })),
    others: Math.max(0, sorted.length - MOST_PEERS),
  };
}

function otherEnds(input: ExplainInput): OtherEnds {
  let found = inputs.get(input);
  if (found === undefined) inputs.set(input, found = new OtherEnds(input));
  return found;
}

// 4-tuples as keys: how an address is written differs with the family of the socket.
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/, "");

function keyOf({ netns, transport, local, peer }: Socket, swapped: boolean): string | null {
  if (peer === null || !("address" in local) || !("address" in peer)) return null;
  const ends = [`${plain(local.address)} ${local.port}`, `${plain(peer.address)} ${peer.port}`];
  if (swapped) ends.reverse();
  return [netns?.inode, transport, ...ends].join();
}

/** The sockets at the other ends, read when first asked for. */
class OtherEnds {
  readonly #input: ExplainInput;
  readonly #listeners: readonly Socket[];
  #sockets: Map<string, Socket> | undefined;

  constructor(input: ExplainInput) {
    this.#input = input;
    this.#listeners = input.sockets.filter(({ state }) => state === "listen");
  }

  /** Who began a connection: a listener on the local port means the other end, and a port of the kernel's choice this one. */
  direction({ local, peer, netns, transport }: Socket): Direction {
    if (peer === null || !("address" in local) || !("address" in peer)) return null;
    const listens = this.#listeners.some((other) =>
      other.transport === transport && "address" in other.local &&
      other.netns?.inode === netns?.inode && other.local.port === local.port &&
      covers(other.local.address, other.v6only, local.address)
    );
    if (listens) return "in";
    const facts = netns === null ? undefined : this.#input.namespaces.get(netns.inode);
    const range = facts?.ports.ephemeral ?? null;
    if (range === null) return null;
    const chosen = (port: number) => port >= range[0] && port <= range[1];
    if (chosen(local.port) === chosen(peer.port)) return null;
    return chosen(local.port) ? "out" : "in";
  }

  /** Processes that hold the other end; `null` where it is not on this network namespace. */
  holders(socket: Socket): readonly Process[] | null {
    if (!this.#isHere(socket)) return null;
    this.#sockets ??= this.#read();
    const key = keyOf(socket, true);
    const other = key === null ? undefined : this.#sockets.get(key);
    if (other === undefined) return null;
    const found = new Map(other.owners.map(({ pid, process }) => [pid, process]));
    return [...found.values()].sort((a, b) => a.pid - b.pid);
  }

  #isHere({ local, peer, netns, state }: Socket): boolean {
    if (state === "time_wait" || peer === null) return false;
    if (!("address" in local) || !("address" in peer)) return false;
    const address = plain(peer.address);
    if (address === plain(local.address) || addressReach(address).scope === "loopback") return true;
    const interfaces = netns === null
      ? undefined
      : this.#input.namespaces.get(netns.inode)?.interfaces;
    return interfaces !== undefined && !(interfaces instanceof UnreadInterfaces) &&
      interfaces.addresses.some((own) => own.address === address);
  }

  #read(): Map<string, Socket> {
    const { sockets, choice, root, portsOnly } = this.#input;
    const found = new Map<string, Socket>();
    const add = (socket: Socket) => {
      const key = keyOf(socket, false);
      if (key !== null) found.set(key, socket);
    };
    for (const socket of sockets) add(socket);
    // A look at a few ports has not seen the other ends.
    if (!portsOnly || !root.isLive) return found;
    const ports = new Set(
      sockets.filter((socket) => this.#isHere(socket)).flatMap(({ peer }) =>
        peer !== null && "address" in peer ? [peer.port] : []
      ),
    );
    const query = {
      families: new Set(["inet", "inet6"] as const),
      transports: new Set(["tcp", "sctp", "dccp", "mptcp", "udp", "udplite"] as const),
      states: ALL_STATES,
      ports: rangesOf([...ports]),
      pids: null,
      processes: null,
      users: null,
    };
    // What cannot be read here takes nothing from the answer about the sockets that were asked for.
    for (const socket of takeNetnsSnapshot(query, choice, new Diagnostics(), { root }).sockets) {
      add(socket);
    }
    return found;
  }
}

// Each socket is compared with each range: of very many ports, those between are looked at too.
function rangesOf(ports: readonly number[]): PortRange[] {
  return ports.length <= MOST_RANGES
    ? ports.map((port) => ({ first: port, last: port }))
    : [{ first: Math.min(...ports), last: Math.max(...ports) }];
}
