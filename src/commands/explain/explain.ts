/**
 * Explain: who is behind a port, a path or a process, where it lives, where its logs are, and who can reach it.
 *
 * @module
 */
import { Diagnostics } from "../../diagnostics.ts";
import type { Explanation, Nearby } from "../../model/explanation.ts";
import type { Process } from "../../model/owner.ts";
import { hasPort } from "../../model/port_range.ts";
import type { Socket } from "../../model/socket.ts";
import { insidePidNamespace } from "../../proc/ns.ts";
import { ProcRoot } from "../../proc/root.ts";
import { DescriptorScanner } from "../../proc/scan.ts";
import type { NetnsChoice } from "../../query.ts";
import { takeNetnsSnapshot } from "../../snapshot/netns_snapshot.ts";
import { processIsCalled } from "../../snapshot/owner_match.ts";
import { tryBind } from "./bind.ts";
import { countConnections } from "./connections.ts";
import { type ExplainInput, queryFor, takeInput } from "./input.ts";
import { concerns, isServer, matches, matchesPort } from "./match.ts";
import { explainSockets } from "./sockets.ts";
import type { PortTarget, Target } from "./target.ts";
import { fileAt, isAt } from "./unix_path.ts";

/** Explains each target. Throws what collecting throws. */
export function explainTargets(
  targets: readonly Target[],
  netns: NetnsChoice | undefined,
  diagnostics: Diagnostics,
  root = new ProcRoot(),
): Explanation[] {
  const input = takeInput(targets, netns, diagnostics, root);
  return targets.map((target) => explainTarget(target, netns, input));
}

function explainTarget(
  target: Target,
  netns: NetnsChoice | undefined,
  input: ExplainInput,
): Explanation {
  const matching = inOrder(
    input.sockets.filter((socket) => matches(socket, target, input.files)),
    target,
    input,
  );
  const subjects = explainSockets(matching, target, input);
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
    idle: namedProcesses(target, input),
    file: target.kind === "unix" && input.root.isLive ? fileAt(target.path, input.files) : null,
    elsewhere,
    elsewhereWhole: whole,
    nearby: target.kind === "port" ? nearbyOf(target, netns, input) : null,
    undecided: isUndecided(target, input),
  };
}

// What a path leads to comes before what was bound to it once.
function inOrder(sockets: Socket[], target: Target, { files }: ExplainInput): Socket[] {
  if (target.kind !== "unix" || sockets.length < 2) return sockets;
  const isThere = (socket: Socket) => Number(isAt(socket, target.path, files) === "file");
  return sockets.sort((a, b) => isThere(b) - isThere(a));
}

// Every socket is visible, even where its owners are not. But a namespace or a table that could not be read may hide anything.
function isUndecided(target: Target, input: ExplainInput): boolean {
  const { diagnostics, facts } = input;
  const mattering = diagnostics.gaps.some(({ kind, detail }) =>
    kind === "netns" || kind !== "processes" && concerns(String(detail.table ?? ""), target)
  );
  if (mattering) return true;
  // A process that hidepid hides may be the one that was asked about.
  const hidden = diagnostics.gaps.some(({ kind, detail }) =>
    kind === "processes" && detail.hidepid !== undefined
  );
  if (hidden && (target.kind === "pid" || target.kind === "process")) return true;
  const closed = (pid: number) => facts.get(pid).comm !== null && facts.openFiles(pid) === null;
  return namedProcesses(target, input).some(({ pid }) => closed(pid));
}

// Running processes that a target names, even if they own no socket.
function namedProcesses(target: Target, { facts, root }: ExplainInput): Process[] {
  const pids = target.kind === "pid"
    ? [target.pid]
    : target.kind === "process"
    ? new DescriptorScanner(root).listProcesses()
    : [];
  return pids.map((pid) => facts.get(pid)).filter((process) =>
    process.comm !== null && (target.kind !== "process" || processIsCalled(process, target.name))
  );
}

// Each other namespace has to be entered, so they are searched only when nothing was found here. They were not asked about, so
// what cannot be read there makes no answer incomplete.
function lookElsewhere(
  target: Target,
  { root, namespaces, files }: ExplainInput,
): { readonly elsewhere: Socket[]; readonly whole: boolean } {
  const query = { ...queryFor([target]), states: null };
  const diagnostics = new Diagnostics();
  const snapshot = takeNetnsSnapshot(query, "all", diagnostics, { root });
  const elsewhere = snapshot.sockets.filter((socket) =>
    socket.netns !== null && !namespaces.has(socket.netns.inode) &&
    (target.kind === "port"
      ? isServer(socket) && matchesPort(socket, target, true)
      : matches(socket, target, files))
  );
  // From inside a PID namespace, processes outside cannot be seen, nor the namespaces that they live in.
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
    reserved: ports !== undefined && hasPort(ports.reserved, target.port),
    binds: netns === "all" || first === undefined ? [] : [tryBind(target, first, input)],
  };
}
