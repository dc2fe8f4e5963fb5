/**
 * ExplainedSockets: everything that is known about the sockets on one address.
 *
 * @module
 */
import { relate } from "../../join/relation.ts";
import type { ExplainedSockets } from "../../model/explanation.ts";
import { decide } from "../../model/verdict.ts";
import type { Socket } from "../../model/socket.ts";
import { connectionsOf, countConnections } from "./connections.ts";
import type { ExplainInput } from "./input.ts";
import { isServer } from "./match.ts";
import { logsOf, placesOf } from "./processes.ts";
import { forwardOf, reachReport } from "./reach.ts";
import { firstProcesses, runOf } from "./run.ts";
import type { Target } from "./target.ts";

/**
 * Groups the sockets that a target matched: services by their address, and all connections together. Says of each group
 * everything that is known.
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
  const explained = [...services.values()].map((group) => explainService(group, input));
  return connections.length === 0
    ? explained
    : [...explained, explainConnections(connections, input)];
}

function explainService(sockets: readonly Socket[], input: ExplainInput): ExplainedSockets {
  const [first] = sockets as readonly [Socket];
  const relations = sockets.map((socket) => {
    const related = relate(socket, input.facts);
    // Where several sockets share an address, another may always join them, so nothing follows from who owns this one.
    return sockets.length > 1 ? { ...related, consequences: [] } : related;
  });
  const processes = processesOf(sockets);
  const connections = first.state === "listen" || first.transport.startsWith("udp")
    ? connectionsOf(first, input)
    : null;
  const places = placesOf(processes, input);
  const logs = logsOf(processes, input);
  const tables = (label: string) =>
    label.startsWith(first.transport) || label.startsWith(first.family);
  return {
    kind: first.state === "bound_inactive" ? "bound" : "service",
    sockets,
    relations,
    connections: connections === null ? null : countConnections(connections, first),
    connectionsVerdict: decide(
      connections?.some(({ state }) => state === "established") ?? false,
      { tables },
      input.diagnostics.gaps,
    ),
    processes,
    places,
    logs,
    ...runOf(firstProcesses(relations), processes, places, logs, first, input),
    reach: reachReport(first, input),
    forwardsTo: forwardOf(processes, first),
  };
}

function explainConnections(sockets: readonly Socket[], input: ExplainInput): ExplainedSockets {
  const processes = processesOf(sockets);
  const places = placesOf(processes, input);
  const logs = logsOf(processes, input);
  const pids = new Set(processes.map(({ pid }) => pid));
  const first = processes.filter(({ ppid }) => ppid === null || !pids.has(ppid));
  return {
    kind: "connections",
    sockets,
    relations: [],
    connections: countConnections(sockets),
    connectionsVerdict: { answer: "yes" },
    processes,
    places,
    logs,
    ...runOf(first, processes, places, logs, null, input),
    reach: null,
    forwardsTo: null,
  };
}

function processesOf(sockets: readonly Socket[]) {
  const processes = new Map(
    sockets.flatMap(({ owners }) => owners.map(({ pid, process }) => [pid, process] as const)),
  );
  return [...processes.values()].sort((a, b) => a.pid - b.pid);
}
