/**
 * Explain: who is behind a port, a path or a process, where it lives, where its logs are, and who can reach it.
 *
 * @module
 */
import { Diagnostics } from "../../diagnostics.ts";
import { relate } from "../../join/relation.ts";
import { isWildcard } from "../../model/endpoint.ts";
import type { Connections, Explanation, Nearby, Subject } from "../../model/explanation.ts";
import type { Process } from "../../model/owner.ts";
import type { Socket } from "../../model/socket.ts";
import { insidePidNamespace } from "../../proc/ns.ts";
import { ProcRoot } from "../../proc/root.ts";
import { DescriptorScanner } from "../../proc/scan.ts";
import type { NetnsChoice } from "../../query.ts";
import { covers, sameAddress } from "../../reach/covers.ts";
import { tryBind } from "./bind.ts";
import { type ExplainInput, queryFor, takeInput } from "./input.ts";
import { logsOf, placesOf } from "./processes.ts";
import { forwardOf, reachReport } from "./reach.ts";
import { takeNetnsSnapshot } from "../../snapshot/netns_snapshot.ts";
import { ownerIsCalled, processIsCalled } from "../../snapshot/owner_match.ts";
import type { PortTarget, Target } from "./target.ts";
import { fileAt, isAt } from "./unix_path.ts";
import { latin1Text, utf8Text } from "../../text/encoding.ts";

/** Transports whose local port is one that can be asked for; of raw sockets it is a protocol. */
const WITH_PORTS = new Set(["tcp", "udp", "udplite", "sctp", "dccp", "mptcp"]);

/** Explains each target. Throws what collecting throws. */
export function explain(
  targets: readonly Target[],
  netns: NetnsChoice | undefined,
  diagnostics: Diagnostics,
  root = new ProcRoot(),
): Explanation[] {
  const input = takeInput(queryFor(targets), netns ?? "own", diagnostics, root);
  return targets.map((target) => explainOne(target, netns, input));
}

function explainOne(
  target: Target,
  netns: NetnsChoice | undefined,
  input: ExplainInput,
): Explanation {
  const matching = input.sockets.filter((socket) => matches(socket, target, input.root));
  const subjects = subjectsOf(matching, target, input);
  const first = [...input.namespaces.values()][0];
  const netnsAsked = first?.found.netns ?? null;
  const base = { target: target.text, kind: target.kind, netns: netnsAsked, subjects };
  if (subjects.length > 0) {
    const nothing = { idle: [], file: null, elsewhere: [], elsewhereWhole: true, nearby: null };
    return { ...base, ...nothing, undecided: false };
  }
  const { elsewhere, whole } = netns === undefined
    ? lookElsewhere(target, input)
    : { elsewhere: [], whole: true };
  return {
    ...base,
    idle: meantProcesses(target, input),
    file: target.kind === "unix" && input.root.isLive ? fileAt(target.path) : null,
    elsewhere,
    elsewhereWhole: whole,
    nearby: target.kind === "port" ? nearbyOf(target, netns, input) : null,
    undecided: isUndecided(target, input),
  };
}

// Every socket is visible; who holds it is not. A namespace or a table that could not be read may hide anything.
function isUndecided(target: Target, input: ExplainInput): boolean {
  const { diagnostics, facts } = input;
  const mattering = diagnostics.gaps.some(({ kind, detail }) =>
    kind === "netns" || kind !== "processes" && concerns(String(detail.table ?? ""), target)
  );
  if (mattering) return true;
  // One that hidepid keeps from us may be the one that was meant.
  const hidden = diagnostics.gaps.some(({ kind, detail }) =>
    kind === "processes" && detail.hidepid !== undefined
  );
  if (hidden && (target.kind === "pid" || target.kind === "process")) return true;
  const closed = (pid: number) => facts.get(pid).comm !== null && facts.openFiles(pid) === null;
  return meantProcesses(target, input).some(({ pid }) => closed(pid));
}

// Living processes that a target names, whatever they hold.
function meantProcesses(target: Target, { facts, root }: ExplainInput): Process[] {
  const pids = target.kind === "pid"
    ? [target.pid]
    : target.kind === "process"
    ? new DescriptorScanner(root).listProcesses()
    : [];
  return pids.map((pid) => facts.get(pid)).filter((process) =>
    process.comm !== null && (target.kind !== "process" || processIsCalled(process, target.name))
  );
}

// Tables by their labels: `tcp over IPv4`, `unix`. Kinds of socket that the kernel cannot list for anybody decide nothing.
function concerns(table: string, target: Target): boolean {
  if (/^(vsock|xdp|tipc|sctp|dccp|mptcp)/.test(table)) {
    return target.kind === "port" && target.transport !== null &&
      table.startsWith(target.transport);
  }
  const unix = target.kind === "unix" || target.kind === "abstract";
  return target.kind === "port"
    ? !/^(unix|packet|netlink)/.test(table)
    : !unix || table.startsWith("unix");
}

function matchesPort(socket: Socket, target: PortTarget, anyAddress = false): boolean {
  const { local } = socket;
  return "address" in local && local.port === target.port && WITH_PORTS.has(socket.transport) &&
    (target.transport === null || socket.transport === target.transport) &&
    (anyAddress || target.address === null || covers(local.address, socket.v6only, target.address));
}

function matches(socket: Socket, target: Target, root: ProcRoot): boolean {
  switch (target.kind) {
    case "port":
      // A connection belongs to its listener, or is only near.
      return isServer(socket) && matchesPort(socket, target);
    case "pid":
      return socket.owners.some(({ pid }) => pid === target.pid);
    case "process":
      return socket.owners.some((owner) => ownerIsCalled(owner, target.name));
    case "inode":
      return socket.inode === target.inode;
    case "unix":
      return isServer(socket) && isAt(socket, target.path, root);
    case "abstract":
      return "name" in socket.local && socket.local.name !== null && isServer(socket) &&
        // NULs inside are written as @ by most tools.
        utf8Text(socket.local.name).replaceAll("\0", "@") === target.name;
  }
}

// What can be talked to, or at least holds an address for itself.
function isServer({ state, peer }: Socket): boolean {
  return state === "listen" || state === "bound_inactive" || state === "close" && peer === null;
}

function subjectsOf(matching: readonly Socket[], target: Target, input: ExplainInput): Subject[] {
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
  const subjects = [...services.values()].map((group) => subjectOf(group, input));
  return connections.length === 0
    ? subjects
    : [...subjects, connectionsSubject(connections, input)];
}

function subjectOf(sockets: readonly Socket[], input: ExplainInput): Subject {
  const [first] = sockets as readonly [Socket];
  const relations = sockets.map((socket) => {
    const related = relate(socket, input.facts);
    // Where several sockets share the address, another may always join them.
    return sockets.length > 1 ? { ...related, consequences: [] } : related;
  });
  const processes = processesOf(sockets);
  return {
    kind: first.state === "bound_inactive" ? "bound" : "service",
    sockets,
    relations,
    connections: first.state === "listen" || first.transport.startsWith("udp")
      ? countConnections(connectionsOf(first, input))
      : null,
    processes,
    places: placesOf(processes, input),
    logs: logsOf(processes, input),
    reach: reachReport(first, input),
    forwardsTo: forwardOf(processes, first),
  };
}

function connectionsSubject(sockets: readonly Socket[], input: ExplainInput): Subject {
  const processes = processesOf(sockets);
  return {
    kind: "connections",
    sockets,
    relations: [],
    connections: countConnections(sockets),
    processes,
    places: placesOf(processes, input),
    logs: logsOf(processes, input),
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

// A connection belongs to the listener with its own address before one with a wildcard.
function connectionsOf(listener: Socket, { sockets }: ExplainInput): Socket[] {
  const { local, netns, transport, v6only, family } = listener;
  if (!("address" in local)) {
    // What was accepted carries the listener's own address; one without an address has none to tell.
    const name = nameOf(local);
    return name === null
      ? []
      : sockets.filter((socket) =>
        socket.family === family && socket.state === "established" &&
        socket.netns?.inode === netns?.inode && nameOf(socket.local) === name
      );
  }
  const rivals = sockets.filter((socket) =>
    socket.state === "listen" && socket.transport === transport &&
    socket.netns?.inode === netns?.inode && "address" in socket.local &&
    socket.local.port === local.port && !isWildcard(socket.local.address)
  );
  return sockets.filter((socket) =>
    !isServer(socket) && socket.transport === transport && "address" in socket.local &&
    socket.netns?.inode === netns?.inode && socket.local.port === local.port &&
    covers(local.address, v6only, socket.local.address) &&
    (!isWildcard(local.address) ||
      !rivals.some(({ local: rival }) =>
        "address" in rival && "address" in socket.local &&
        sameAddress(rival.address, socket.local.address)
      ))
  );
}

// Path or abstract name, one character a byte.
function nameOf(local: Socket["local"]): string | null {
  if (!("path" in local)) return null;
  if (local.path !== null) return `/${latin1Text(local.path)}`;
  return local.name === null ? null : `@${latin1Text(local.name)}`;
}

function countConnections(sockets: readonly Socket[]): Connections {
  const peers = new Set<string>();
  const others: Partial<Record<Socket["state"], number>> = {};
  let established = 0;
  let unaccepted = 0;
  let timeWait = 0;
  for (const { state, peer, ownership } of sockets) {
    if (state === "established") {
      established++;
      if (ownership === "unaccepted") unaccepted++;
      if (peer !== null && "address" in peer) peers.add(peer.address);
    } else if (state === "time_wait") timeWait++;
    else others[state] = (others[state] ?? 0) + 1;
  }
  return { established, peers: peers.size, unaccepted, timeWait, others };
}

// Other namespaces cost an entry each, so they are looked into when nothing was found here.
// They were not asked about, so what cannot be read there is missing from no answer.
function lookElsewhere(
  target: Target,
  { root, namespaces }: ExplainInput,
): { readonly elsewhere: Socket[]; readonly whole: boolean } {
  const query = { ...queryFor([target]), states: null };
  const diagnostics = new Diagnostics();
  const snapshot = takeNetnsSnapshot(query, "all", diagnostics, { root });
  const elsewhere = snapshot.sockets.filter((socket) =>
    socket.netns !== null && !namespaces.has(socket.netns.inode) &&
    (target.kind === "port"
      ? isServer(socket) && matchesPort(socket, target, true)
      : matches(socket, target, root))
  );
  // In a PID namespace there are processes, and so namespaces, that nothing leads to.
  const whole = insidePidNamespace(root) === false &&
    !diagnostics.gaps.some(({ kind }) => kind === "netns");
  return { elsewhere, whole };
}

function nearbyOf(
  target: PortTarget,
  netns: NetnsChoice | undefined,
  input: ExplainInput,
): Nearby {
  const { sockets, namespaces } = input;
  const onPort = sockets.filter((socket) =>
    matchesPort(socket, { ...target, transport: null }, true)
  );
  const connections = onPort.filter((socket) => !isServer(socket));
  const [first] = namespaces.values();
  const ports = first?.ports;
  return {
    connections: connections.length === 0 ? null : countConnections(connections),
    sockets: onPort.filter(isServer),
    ephemeral: ports?.ephemeral ?? null,
    inEphemeral: ports?.ephemeral != null && target.port >= ports.ephemeral[0] &&
      target.port <= ports.ephemeral[1],
    reserved:
      ports?.reserved.some((range) => target.port >= range.first && target.port <= range.last) ??
        false,
    binds: netns === "all" || first === undefined ? [] : [tryBind(target, first, input)],
  };
}
