/**
 * ExplainedSockets: everything that is known about the sockets of one service.
 *
 * @module
 */
import { relate } from "../../join/relation.ts";
import type { ExplainedSockets, ServiceEnd } from "../../model/explanation.ts";
import { decide } from "../../model/verdict.ts";
import type { Socket } from "../../model/socket.ts";
import { connectionsOf, countConnections } from "./connections.ts";
import { examined } from "./examined.ts";
import type { ExplainInput } from "./input.ts";
import { isServer } from "./match.ts";
import { connectionEnds, topPeers } from "./peers.ts";
import { logsOf, placesOf } from "./processes.ts";
import { namesProcesses } from "./bearers.ts";
import { faultsOf } from "./faults.ts";
import { leakFaults } from "./leaks.ts";
import { UnreadInterfaces } from "../../reach/interfaces.ts";
import { forwardOf, reachReport } from "./reach.ts";
import { firstProcesses, runOf } from "./run.ts";
import { servicesOf } from "./services.ts";
import type { Target } from "./target.ts";

/**
 * Groups the sockets that a target matched: services by their port and owners, and all connections together. Says of each
 * group everything that is known.
 */
export function explainSockets(
  matching: readonly Socket[],
  target: Target,
  input: ExplainInput,
): ExplainedSockets[] {
  const services = new Map<string, Socket[]>();
  const connections: Socket[] = [];
  for (const socket of matching) {
    if (!isServer(socket) && target.kind !== "inode") {
      connections.push(socket);
      continue;
    }
    const { netns, transport, family, local } = socket;
    const key = "address" in local
      ? [netns?.inode, transport, family, local.address, local.port, local.interface].join()
      : `inode ${socket.inode}`;
    const group = services.get(key);
    if (group === undefined) services.set(key, [socket]);
    else group.push(socket);
  }
  const explained = servicesOf([...services.values()]).map((ends) =>
    explainService(ends, target, input)
  );
  return connections.length === 0
    ? explained
    : [...explained, explainConnections(connections, input)];
}

/** `groups`: the sockets of each address. */
function explainService(
  groups: readonly (readonly Socket[])[],
  target: Target,
  input: ExplainInput,
): ExplainedSockets {
  const sockets = groups.flat();
  const first = sockets[0]!;
  const relations = groups.flatMap((group) =>
    group.map((socket) => {
      const related = relate(socket, input.facts);
      // Where several sockets share an address, another may always join them, so nothing follows from who owns this one.
      return group.length > 1 ? { ...related, consequences: [] } : related;
    })
  );
  const processes = processesOf(sockets);
  const all = new Set<Socket>();
  const ends = groups.map((group): ServiceEnd => {
    const [socket] = group as readonly [Socket];
    const found = socket.state === "listen" || socket.transport.startsWith("udp")
      ? connectionsOf(socket, input)
      : null;
    for (const connection of found ?? []) all.add(connection);
    return {
      sockets: group,
      connections: found === null ? null : countConnections(found, socket),
      reach: reachReport(socket, input),
      forwardsTo: forwardOf(processes, socket),
    };
  });
  const connections = ends.every((end) => end.connections === null) ? null : [...all];
  const top = topPeers(connections ?? [], input);
  const looked = examined(processes, relations);
  const places = placesOf(looked, input);
  const logs = logsOf(looked, input);
  const tables = (label: string) =>
    sockets.some(({ transport, family }) =>
      label.startsWith(transport) || label.startsWith(family)
    );
  return {
    kind: first.state === "bound_inactive" ? "bound" : "service",
    sockets,
    ends,
    relations,
    connections: connections === null ? null : countConnections(connections, first),
    connectionEnds: [],
    peers: top.peers,
    otherPeers: top.others,
    connectionsVerdict: decide(
      connections?.some(({ state }) => state === "established") ?? false,
      { tables },
      input.diagnostics.gaps,
    ),
    processes,
    places,
    logs,
    creator: first.uid === null ? null : input.users.name(first.uid),
    tunnel: tunnelOf(first, input),
    unexamined: processes.length - looked.length,
    faults: [
      ...faultsOf(sockets, connections ?? [], input),
      // Of a process, all such sockets are told anyway.
      ...namesProcesses(target) ? [] : leakFaults(looked, first.netns?.inode ?? null, input),
    ],
    ...runOf(firstProcesses(relations), looked, places, logs, first, input),
    reach: ends[0]!.reach,
    forwardsTo: ends[0]!.forwardsTo,
  };
}

function explainConnections(sockets: readonly Socket[], input: ExplainInput): ExplainedSockets {
  const processes = processesOf(sockets);
  const looked = examined(processes, []);
  const places = placesOf(looked, input);
  const logs = logsOf(looked, input);
  const pids = new Set(processes.map(({ pid }) => pid));
  const first = processes.filter(({ ppid }) => ppid === null || !pids.has(ppid));
  const top = topPeers(sockets, input);
  return {
    kind: "connections",
    sockets,
    ends: [],
    relations: [],
    connections: countConnections(sockets),
    connectionEnds: connectionEnds(sockets, input),
    peers: top.peers,
    otherPeers: top.others,
    connectionsVerdict: { answer: "yes" },
    processes,
    places,
    logs,
    unexamined: processes.length - looked.length,
    faults: faultsOf(sockets, sockets, input),
    ...runOf(first, looked, places, logs, null, input),
    reach: null,
    forwardsTo: null,
  };
}

// The kernel opens the ports of tunnels itself. Every user may see the devices.
function tunnelOf(
  { transport, local, netns, owners }: Socket,
  { namespaces }: ExplainInput,
): { readonly name: string; readonly kind: string } | null {
  if (transport !== "udp" || owners.length > 0 || !("address" in local)) return null;
  const interfaces = netns === null ? undefined : namespaces.get(netns.inode)?.interfaces;
  if (interfaces === undefined || interfaces instanceof UnreadInterfaces) return null;
  const link = interfaces.links.find(({ tunnelPort }) => tunnelPort === local.port);
  return link === undefined ? null : { name: link.name, kind: link.kind ?? "tunnel" };
}

function processesOf(sockets: readonly Socket[]) {
  const processes = new Map(
    sockets.flatMap(({ owners }) => owners.map(({ pid, process }) => [pid, process] as const)),
  );
  return [...processes.values()].sort((a, b) => a.pid - b.pid);
}
