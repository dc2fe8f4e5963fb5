/**
 * What a listing of the sockets of certain processes (`--pid`) lacks: their sockets in other network namespaces, and those that
 * are in no table.
 *
 * @module
 */
import { errnoName, errnoText, failureOf } from "../../ffi/errno.ts";
import type { Gap } from "../model/gap.ts";
import type { Sockets } from "../model/sockets.ts";
import { ALL_STATES } from "../model/state.ts";
import { currentNetns, netnsInode } from "../proc/ns.ts";
import type { ProcRoot } from "../proc/root.ts";
import type { Query } from "../query.ts";
import { scanFew, unlistedSockets } from "./held_sockets.ts";
import { plural } from "../text/plural.ts";

/** Protocols whose sockets are in a table as soon as they are bound or connected. */
const INTERNET = /^(TCP|UDP|RAW|PING|MPTCP|SCTP|DCCP)/i;

/** The gaps of a listing for processes. It costs a walk over their descriptors, and a few calls for each unlisted socket. */
export function gapsOfProcesses(query: Query, sockets: Sockets, root: ProcRoot): Gap[] {
  // Whoever chose the namespace asks about no other.
  if (query.pids === null || !root.isLive || query.netns !== undefined) return [];
  const own = currentNetns(root);
  const gaps: Gap[] = [];
  const shown = new Set<number | null>();
  for (const { inode } of sockets) shown.add(inode);
  for (const pid of query.pids) {
    const scan = scanFew([pid], root);
    if (scan.denied.length > 0) {
      gaps.push({
        kind: "processes",
        reason: `process ${pid} could not be read: its sockets are not known`,
        detail: { denied: 1, pid },
      });
      continue;
    }
    const others = new Map<number, number>();
    const link = root.link(`${pid}/ns/net`);
    if (typeof link === "number" && failureOf(link) !== "absent") {
      gaps.push({
        kind: "netns",
        reason: `the network namespace of process ${pid} could not be read: ${errnoText(-link)} (${
          errnoName(-link)
        })`,
        detail: { pid, errno: errnoName(-link) },
      });
    }
    const netns = typeof link === "number" ? -1 : netnsInode(link);
    if (netns >= 0 && netns !== own) others.set(netns, 0);
    let nowhere = 0;
    for (const socket of unlistedSockets(scan, root, (inode) => shown.has(inode))) {
      if (socket.netns !== null && socket.netns !== own) {
        others.set(socket.netns, (others.get(socket.netns) ?? 0) + 1);
      } else if (INTERNET.test(socket.protocol ?? "TCP")) nowhere++;
    }
    for (const [inode, count] of others) {
      const what = count === 0
        ? `process ${pid} lives in`
        : `${plural(count, "socket")} of process ${pid} ${count === 1 ? "is" : "are"} of`;
      gaps.push({
        kind: "netns",
        reason:
          `${what} network namespace ${inode}, which was not read: --netns ${inode} or --all-netns shows it`,
        detail: { netns: inode, pid },
      });
    }
    // Without all states, or with a filter, most sockets are not shown because they were not asked for.
    if (nowhere > 0 && isWhole(query)) {
      const what = plural(nowhere, "socket");
      const are = nowhere === 1 ? "is" : "are";
      gaps.push({
        kind: "unlisted",
        reason:
          `${what} of process ${pid} ${are} in no table: neither bound nor connected; sockeye pid:${pid} tells more`,
        detail: { sockets: nowhere, pid },
      });
    }
  }
  return gaps;
}

/** True for a query that shows every internet socket of a process. */
function isWhole(query: Query): boolean {
  return query.states === ALL_STATES && query.ports === null && query.users === null &&
    query.processes === null && !query.filter && query.families.has("inet") &&
    query.families.has("inet6") &&
    ["tcp", "udp", "raw"].every((name) => (query.transports as ReadonlySet<string>).has(name));
}
