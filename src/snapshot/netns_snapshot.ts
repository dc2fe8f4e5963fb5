/**
 * The snapshot of one chosen network namespace, or of all.
 *
 * Each namespace is read through a socket of its own. Owners are looked for once, among all processes, because the owner of a
 * socket may live in another namespace than the socket.
 *
 * @module
 */
import { tellProgress } from "../text/progress.ts";
import { LIVE } from "./access.ts";
import { type FoundNetns, NamespaceFinder, reportUnread } from "./namespaces.ts";
import { Sockstat } from "../proc/sockstat.ts";
import { kept, SocketRows } from "../store/socket_rows.ts";
import { collectRows } from "./collect.ts";
import { Source } from "./source.ts";
import { Diagnostics } from "../diagnostics.ts";
import { attachOwners } from "../join/attach.ts";
import { type OwnerWalk, walkOwners } from "../join/owners.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Sockets } from "../model/sockets.ts";
import { NETLINK_ROUTE, NETLINK_SOCK_DIAG } from "../netlink/connection.ts";
import { readHost } from "../proc/host.ts";
import type { Scan } from "../proc/scan.ts";
import { Processes } from "../origin/processes.ts";
import { ProcRoot } from "../proc/root.ts";
import { Users } from "../etc/users.ts";
import { type NetnsChoice, NoSuchNamespace, type Query } from "../query.ts";
import { needsInterfaces } from "../reach/bind.ts";
import { fillReachOfRows } from "./rows_reach.ts";
import { type InterfaceTable, readInterfaces, UnreadInterfaces } from "../reach/interfaces.ts";
import type { SnapshotTools } from "./own_netns_snapshot.ts";
import { scanFew } from "./held_sockets.ts";
import { inOrder } from "./order.ts";
import { ProcessNet, refuseSocket } from "./process_net.ts";
import { selectSockets } from "./select.ts";
import { settleUnlisted } from "./unlisted_protocols.ts";

/** Our own network namespace, and those that these processes live in or hold sockets of. */
export interface Around {
  readonly around: readonly number[];
}

/**
 * Called in each namespace, to read more there. Where one may not be entered, `root` is a {@linkcode ProcessNet}. `known`: its
 * interfaces, where a socket of the answer needed them.
 */
type Inside = (
  found: FoundNetns,
  root: ProcRoot,
  known: InterfaceTable | UnreadInterfaces | null,
) => void;

/**
 * Takes a snapshot of one network namespace, of all, or of our own. `inside` is called in each. Throws
 * NoSuchNamespace if the one asked for does not exist, and SyscallError if it cannot be opened.
 */
export function takeNetnsSnapshot(
  query: Query,
  choice: NetnsChoice | "own" | Around,
  diagnostics: Diagnostics,
  tools: SnapshotTools = {},
  inside: Inside = () => {},
): Snapshot {
  const snapshot = takeNetnsRows(query, choice, diagnostics, tools, kept, inside);
  return { ...snapshot, sockets: kept(snapshot.sockets) };
}

/** Like {@linkcode takeNetnsSnapshot}, for callers that look at each socket once: see `takeRows`. */
export function takeNetnsRows(
  query: Query,
  choice: NetnsChoice | "own" | Around,
  diagnostics: Diagnostics,
  tools: SnapshotTools = {},
  form: (rows: SocketRows) => Sockets = (rows) => rows,
  inside: Inside = () => {},
): Snapshot<Sockets> {
  const { root = new ProcRoot(), users = new Users(), filter = null, access = LIVE, closing } =
    tools;
  const walkAll = (namespaces: boolean) =>
    access.owners(() =>
      walkOwners(root, query.owners ?? "auto", diagnostics, { namespaces, cookies: true })
    );
  const takenAtMs = access.now();
  const rows = SocketRows.empty();
  const interfaces = new Map<number, InterfaceTable | UnreadInterfaces>();
  const entered = new Set<number>();
  const told = new Set<number>();
  const visit = (found: FoundNetns) => {
    const { inode } = found.netns;
    const refused = new Diagnostics();
    if (access.visit(found, refused, () => read(found, root))) {
      entered.add(inode);
      tellProgress(entered.size, "network namespaces");
      return;
    }
    if (refused.gaps.length === 0) return;
    // A recording has what was read in namespaces that were entered.
    const net = access === LIVE ? ProcessNet.open(found, root) : null;
    if (net !== null) {
      diagnostics.note(
        `network namespace ${inode} is read through /proc/PID/net: it cannot be entered`,
      );
      read(found, net);
      entered.add(inode);
      return;
    }
    for (const gap of refused.gaps) diagnostics.gap(gap);
    told.add(inode);
  };
  const read = (found: FoundNetns, root: ProcRoot) => {
    const throughProcess = root instanceof ProcessNet;
    // Sockstat tells which tables are empty. For one namespace, reading it costs more than it saves.
    const sockstat = choice === "all" ? Sockstat.read(root) : null;
    const source = new Source(
      root,
      diagnostics,
      () => throughProcess ? refuseSocket() : access.open(NETLINK_SOCK_DIAG),
    );
    try {
      if (!throughProcess) closing?.enter(found.netns);
      const before = rows.length;
      collectRows(rows, query, source, found.netns, {
        sockstat,
        filter: filter?.forRows(root, found.netns),
        core: closing === undefined ? tools.core : undefined,
        closing,
        sharing: access === LIVE,
      });
      if (root.isLive && rows.from(before).some(needsInterfaces)) {
        const open = () => access.open(NETLINK_ROUTE);
        const table = throughProcess
          ? new UnreadInterfaces("it may not be entered")
          : readInterfaces(root, found.netns.inode, open);
        if (table instanceof UnreadInterfaces) diagnostics.gap(table.gap(found.netns.inode));
        interfaces.set(found.netns.inode, table);
      }
      inside(found, root, interfaces.get(found.netns.inode) ?? null);
    } finally {
      source.close();
    }
  };
  const around = typeof choice === "object" && "around" in choice;
  let walk: OwnerWalk | undefined;
  const finder = new NamespaceFinder(root);
  const isLost = ({ netns: { inode } }: FoundNetns) => !entered.has(inode) && !told.has(inode);
  const visitNew = () => {
    for (const found of finder.list()) if (isLost(found)) visit(found);
  };
  const addByDescriptors = (scan: Scan) => {
    finder.addDescriptors(scan.namespaces);
    if (!root.isLive) return;
    const { found, partial } = access.socketNamespaces(scan);
    finder.addSockets(found);
    if (partial) {
      diagnostics.note(
        "some sockets could not be asked for their network namespace: a namespace that only a socket keeps alive may be missing",
      );
    }
  };
  if (choice === "own") {
    const own = finder.list().find((found) => found.own);
    if (own === undefined) {
      throw new NoSuchNamespace("This /proc does not tell which network namespace we are in");
    }
    visit(own);
  } else if (around) {
    visitNew();
    finder.addProcesses(choice.around);
    addByDescriptors(scanFew(choice.around, root));
    visitNew();
    reportUnread(finder, diagnostics);
  } else if (choice === "all") {
    finder.addProcesses(access.listProcesses(root));
    finder.addMounts();
    visitNew();
    // The walk over descriptors finds owners, and also descriptors and sockets that keep namespaces alive, so those are visited
    // last.
    walk = walkAll(true);
    addByDescriptors(walk.scan);
    // What was there and is not may have been left by its process for another one.
    if (finder.list().some(isLost)) finder.addProcesses(access.listProcesses(root));
    visitNew();
    reportUnread(finder, diagnostics);
  } else {
    visit(access.find(
      choice.one,
      finder,
      () => access.listProcesses(root),
      () => {
        walk ??= walkAll(true);
        addByDescriptors(walk.scan);
        return walk.scan.namespaces;
      },
    ));
  }
  const sockets = selectSockets(form(rows), query, filter, users, {
    owners(some) {
      walk ??= walkAll(false);
      attachOwners(some, root, tools.processes ?? new Processes(root, users), diagnostics, walk);
    },
    reach: (some) =>
      fillReachOfRows(
        some,
        (netns) => (netns === null ? null : interfaces.get(netns.inode)) ?? null,
      ),
  });
  // A walk is not made for this alone, and a question about some processes is not one about all.
  if (access === LIVE && walk !== undefined && !around) {
    settleUnlisted(diagnostics, rows, root, walk.search(new Set()));
  }
  return { host: readHost(root), takenAtMs, gaps: diagnostics.gaps, sockets: inOrder(sockets) };
}
