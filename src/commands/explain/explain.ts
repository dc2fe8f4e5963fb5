/**
 * Explain: who is behind a port, a path or a process, where it lives, where its logs are, and who can reach it.
 *
 * @module
 */
import { Diagnostics } from "../../diagnostics.ts";
import type { Explanation, Nearby, UnlistedSocket } from "../../model/explanation.ts";
import type { Process } from "../../model/owner.ts";
import type { FlatGap, Gap } from "../../model/gap.ts";
import { decide, decideAny, type Places, type Verdict } from "../../model/verdict.ts";
import { walkOwners } from "../../join/owners.ts";
import { scanFew, unlistedSockets } from "../../snapshot/held_sockets.ts";
import { utf8Text } from "../../text/encoding.ts";
import { plural } from "../../text/plural.ts";
import { hasPort } from "../../model/port_range.ts";
import type { Socket } from "../../model/socket.ts";
import { insidePidNamespace } from "../../proc/ns.ts";
import { ProcRoot } from "../../proc/root.ts";
import type { NetnsChoice } from "../../query.ts";
import { takeNetnsSnapshot } from "../../snapshot/netns_snapshot.ts";
import { namesProcesses } from "./bearers.ts";
import { tryBind } from "./bind.ts";
import { countConnections } from "./connections.ts";
import { forwardsOf } from "./forwards.ts";
import { candidates, type ExplainInput, queryFor, takeInput, withInterfaceName } from "./input.ts";
import { concerns, isServer, matches, matchesPort } from "./match.ts";
import { nearPort } from "./near.ts";
import { explainSockets } from "./sockets.ts";
import type { PortTarget, Target } from "./target.ts";
import { fileAt, isAt, unreadPath } from "./unix_path.ts";

/** Explains each target. Throws what collecting throws. */
export function explainTargets(
  targets: readonly Target[],
  netns: NetnsChoice | undefined,
  diagnostics: Diagnostics,
  root = new ProcRoot(),
): Explanation[] {
  const input = takeInput(targets, netns, diagnostics, root);
  const first = targets.map((target) => explainTarget(target, netns, input));
  if (first.every(({ unlisted }) => unlisted.length === 0)) return first;
  // A socket that was opened after the tables were read only seems to be in none. A second look shows that.
  const again = takeInput(targets, netns, new Diagnostics(), root);
  const known = new Set(again.sockets.map(({ inode }) => inode));
  const isStill = ({ inode }: UnlistedSocket) => !known.has(inode);
  return first.map((explanation, i) =>
    explanation.unlisted.every(isStill)
      ? explanation
      : explainTarget(targets[i]!, netns, { ...again, diagnostics })
  );
}

function explainTarget(
  asked: Target,
  netns: NetnsChoice | undefined,
  input: ExplainInput,
): Explanation {
  const target = withInterfaceName(asked, input);
  const { diagnostics, facts, root, namespaces } = input;
  const matching = inOrder(matchingSockets(target, input), target, input);
  const subjects = explainSockets(matching, target, input);
  const searched = [...namespaces.keys()];
  const { forwards, forwardsUnread } = target.kind === "port"
    ? forwardsOf(target, matching, input)
    : { forwards: [], forwardsUnread: false };
  const base = {
    target: target.text,
    kind: target.kind,
    netns: [...namespaces.values()][0]?.found.netns ?? null,
    subjects,
    forwards,
    forwardsUnread,
    searched,
    scoped: netns !== undefined && netns !== "all",
  };
  const { unlisted, unread } = unlistedOf(target, netns, input);
  const names = new Map<number, string>();
  for (const { owners } of unlisted) {
    for (const { pid } of owners) {
      const { comm } = facts.get(pid);
      if (comm !== null) names.set(pid, utf8Text(comm));
    }
  }
  const found = subjects.length > 0 || unlisted.length > 0 || forwards.length > 0;
  const idle = found ? [] : namedProcesses(target, input);
  const gone: Verdict = { answer: "no" };
  if (found) {
    const nothing = { idle, file: null, elsewhere: [], nearby: null, unlisted, names };
    const verdict: Verdict = { answer: "yes" };
    const verdicts = {
      verdict,
      socketVerdict: verdict,
      processVerdict: verdict,
      elsewhereVerdict: gone,
    };
    return { ...base, ...nothing, ...verdicts };
  }
  const { elsewhere, verdict: elsewhereVerdict } = netns === undefined
    ? lookElsewhere(target, input)
    : { elsewhere: [], verdict: gone };
  const processVerdict = decide(
    idle.length > 0,
    {
      processes: (gap) => isHidden(gap) || gap.unnamed !== undefined || gap.outside !== undefined,
    },
    [...diagnostics.gaps, ...unnamedOf(target, input)],
  );
  const file = target.kind === "unix" && root.isLive ? fileAt(target.path, input.files) : null;
  const undecided = [
    decide(false, placesOf(target), [...diagnostics.gaps, ...unread]),
    ...(file === "unreadable" && target.kind === "unix"
      ? [decide(false, {}, unreadPath(target.path, input.files))]
      : []),
    ...(idle.length > 0 || !namesProcesses(target) ? [] : [processVerdict]),
    // A path leads to a socket of any namespace, and so does an inode.
    ...(target.kind === "inode" || file === "socket" ? [elsewhereVerdict] : []),
  ];
  const socketVerdict = decideAny(undecided.filter(({ answer }) => answer !== "yes"));
  return {
    ...base,
    idle,
    file,
    elsewhere,
    nearby: target.kind === "port" ? nearbyOf(target, netns, input) : null,
    unlisted,
    names,
    // What is elsewhere is not what was asked for, but it is no gap either.
    verdict: forwardsUnread ? decideAny([socketVerdict, FORWARDS_UNREAD]) : socketVerdict,
    socketVerdict,
    processVerdict,
    elsewhereVerdict,
  };
}

// A port that no server has may be that of connections: then they are what was asked about.
function matchingSockets(target: Target, input: ExplainInput): Socket[] {
  const found = input.sockets.filter((socket) => matches(socket, target, input));
  if (found.length > 0 || target.kind !== "port") return found;
  return input.sockets.filter((socket) =>
    !isServer(socket) && socket.state !== "time_wait" && matchesPort(socket, target)
  );
}

// What a path leads to comes before what was bound to it once.
function inOrder(sockets: Socket[], target: Target, { files }: ExplainInput): Socket[] {
  if (target.kind !== "unix" || sockets.length < 2) return sockets;
  const isThere = (socket: Socket) => Number(isAt(socket, target.path, files) === "file");
  return sockets.sort((a, b) => isThere(b) - isThere(a));
}

// A port that no socket has may still lead somewhere.
const FORWARDS_UNREAD: Verdict = {
  answer: "undecided",
  because: ["a firewall rule may forward this port: not every rule could be read"],
};

const isHidden = ({ hidepid }: FlatGap) => hidepid !== undefined;

/**
 * Where a match could be. Every socket is visible, even where its owners are not. But a namespace or a table that could not be
 * read may hide anything. What a process holds is told by its descriptors.
 */
export function placesOf(target: Target): Places {
  if (namesProcesses(target)) return { processes: (gap) => gap.pid !== undefined };
  const tables = (label: string) => concerns(label, target);
  return target.kind === "inode"
    ? { tables, namespaces: true, processes: true }
    : { tables, namespaces: true };
}

/** The sockets that a target names and no table shows, and the processes that could not be looked into for them. */
function unlistedOf(
  target: Target,
  netns: NetnsChoice | undefined,
  input: ExplainInput,
): { readonly unlisted: readonly UnlistedSocket[]; readonly unread: readonly Gap[] } {
  const { root, sockets, namespaces, facts, diagnostics } = input;
  if (!root.isLive) return { unlisted: [], unread: [] };
  if (target.kind === "inode") {
    if (sockets.some(({ inode }) => inode === target.inode)) return { unlisted: [], unread: [] };
    const { scan } = walkOwners(root, "auto", diagnostics);
    const isOther = (inode: number) => inode !== target.inode;
    const unread = scan.denied.map((pid) => unreadProcess(pid, facts));
    return { unlisted: unlistedSockets(scan, root, isOther), unread };
  }
  const pids = namedProcesses(target, input).map(({ pid }) => pid);
  if (pids.length === 0) return { unlisted: [], unread: [] };
  const scan = scanFew(pids, root);
  const listed = new Set(sockets.map(({ inode }) => inode));
  const unlisted = unlistedSockets(scan, root, (inode) => listed.has(inode))
    // Whoever asks about one namespace is not asking about the sockets of others.
    .filter((socket) =>
      netns === undefined || socket.netns === null || namespaces.has(socket.netns)
    );
  return { unlisted, unread: scan.denied.map((pid) => unreadProcess(pid, facts)) };
}

function unreadProcess(pid: number, facts: ExplainInput["facts"]): Gap {
  const { comm } = facts.get(pid);
  const name = comm === null ? `process ${pid}` : `${utf8Text(comm)} (${pid})`;
  return { kind: "processes", reason: `${name} could not be read`, detail: { pid } };
}

// Running processes that a target names, even if they own no socket.
function namedProcesses(target: Target, { facts, root, bearers }: ExplainInput): Process[] {
  return candidates(target, root).map((pid) => facts.get(pid)).filter((process) =>
    process.comm !== null && bearers.bears(process, target)
  );
}

/** Gaps for the processes that may be what a target names: what names them could not be read, or they cannot be seen. */
function unnamedOf(target: Target, { facts, root }: ExplainInput): Gap[] {
  if (!namesProcesses(target) || !root.isLive) return [];
  const gaps: Gap[] = [];
  // An ID is one of this PID namespace; names, units and containers are those of processes outside as well.
  if (target.kind !== "pid" && insidePidNamespace(root) !== false) {
    gaps.push({
      kind: "processes",
      reason: "processes outside this PID namespace cannot be seen",
      detail: { outside: "pid_namespace" },
    });
  }
  const unnamed = candidates(target, root).filter((pid) => {
    const { stat, exe, cgroup } = facts.get(pid).unread ?? {};
    return stat !== undefined || target.kind === "process" && exe !== undefined ||
      (target.kind === "unit" || target.kind === "container") && cgroup !== undefined;
  });
  if (unnamed.length === 0) return gaps;
  const many = plural(unnamed.length, "process", "processes");
  gaps.push({
    kind: "processes",
    reason: target.kind === "process"
      ? `which program ${many} ${
        unnamed.length === 1 ? "runs" : "run"
      } could not be read: one may have this name`
      : `${
        target.kind === "pid" ? `process ${target.pid}` : `the control group of ${many}`
      } could not be read`,
    detail: { unnamed: unnamed.length },
  });
  return gaps;
}

// Each other namespace has to be entered, so they are searched only when nothing was found here. They were not asked about, so
// what cannot be read there makes no answer about this one incomplete.
function lookElsewhere(
  target: Target,
  input: ExplainInput,
): { readonly elsewhere: Socket[]; readonly verdict: Verdict } {
  const { root, namespaces } = input;
  const query = { ...queryFor([target]), states: null };
  const diagnostics = new Diagnostics();
  const snapshot = takeNetnsSnapshot(query, "all", diagnostics, { root });
  const elsewhere = snapshot.sockets.filter((socket) =>
    socket.netns !== null && !namespaces.has(socket.netns.inode) &&
    (target.kind === "port"
      ? isServer(socket) && matchesPort(socket, target, true)
      : matches(socket, target, input))
  );
  if (insidePidNamespace(root) !== false) {
    diagnostics.gap({
      kind: "netns",
      reason:
        "processes outside this PID namespace cannot be seen, nor the network namespaces that they live in",
      detail: {},
    });
  }
  const places: Places = { tables: (label) => concerns(label, target), namespaces: true };
  return { elsewhere, verdict: decide(false, places, diagnostics.gaps) };
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
    ...input.root.isLive ? nearPort(target, input) : { neighbours: [], usual: null },
  };
}
