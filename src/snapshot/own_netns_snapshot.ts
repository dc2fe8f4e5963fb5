/**
 * The snapshot of the network namespace that this program runs in.
 *
 * `netns_snapshot.ts` could take it too. This file is separate because nearly every listing runs it: it loads no code for other
 * namespaces, and reads the interfaces only when a socket of the answer needs them. There they must be read inside each namespace,
 * before it is known which sockets the filter leaves.
 *
 * @module
 */
import type { Core } from "../core/gears.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { Users } from "../etc/users.ts";
import { attachOwners } from "../join/attach.ts";
import { walkOwners } from "../join/owners.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Netns, Socket } from "../model/socket.ts";
import type { Sockets } from "../model/sockets.ts";
import { NETLINK_ROUTE, NETLINK_SOCK_DIAG } from "../netlink/connection.ts";
import { Processes } from "../origin/processes.ts";
import { readHost } from "../proc/host.ts";
import { currentNetns } from "../proc/ns.ts";
import { ProcRoot } from "../proc/root.ts";
import type { Query } from "../query.ts";

import { type InterfaceTable, readInterfaces, UnreadInterfaces } from "../reach/interfaces.ts";
import { type Access, LIVE, type Walk } from "./access.ts";
import { collectRows } from "./collect.ts";
import type { QueryFilter } from "./query_filter.ts";
import { inOrder } from "./order.ts";
import { fillReachOfRows } from "./rows_reach.ts";
import { kept, SocketRows } from "../store/socket_rows.ts";
import { selectSockets } from "./select.ts";
import { Source } from "./source.ts";

/** Collects the requests that close sockets: see {@linkcode DiagRequest.destroy}. */
export interface CloseRequests {
  /** Called in each namespace before it is read. */
  enter(netns: Netns | null): void;
  /** Called for each socket that the kernel can be asked to close. */
  add(socket: Socket, request: Uint8Array): void;
}

/** What a snapshot may be taken with. */
export interface SnapshotTools {
  readonly root?: ProcRoot;
  readonly users?: Users;
  /** Where owners are looked up, for a caller that asks more about them. Absent: in a table of its own. */
  readonly processes?: Processes;
  /** The query's filter: see {@linkcode queryFilter}. */
  readonly filter?: QueryFilter | null;
  /** How everything except files of /proc is read. Absent: from this machine. */
  readonly access?: Access;
  /**
   * True to skip tables that are empty by the counters of the namespace: reading the counters costs less than the dump where
   * most likely nothing is there.
   */
  readonly counted?: boolean;
  /**
   * The core that keeps very many sockets in its arena, for the one listing of a run: what is there is not given back. Absent: they have
   * memory of their own.
   */
  readonly core?: () => Core;
  /** Absent: no socket will be closed. */
  readonly closing?: CloseRequests;
}

// Loaded only where it is asked for.
const sockstatOf = (root: ProcRoot) =>
  (require("../proc/sockstat.ts") as typeof import("../proc/sockstat.ts")).Sockstat.read(root);

/** The filter of a query, ready to test sockets; `null` without one. Its code is loaded only if there is one. */
export async function queryFilter(
  query: Query,
  users: Users,
  root = new ProcRoot(),
): Promise<QueryFilter | null> {
  if (!query.filter) return null;
  const { QueryFilter } = await import("./query_filter.ts");
  const { ContainerFinder } = await import("../origin/container_finder.ts");
  const containers = new ContainerFinder(users, root.isLive);
  return new QueryFilter(query.filter, (uid) => users.name(uid), containers);
}

/** Takes a snapshot of the sockets that the query asks for. If the query has a filter, `tools` must contain it. */
export function takeSnapshot(
  query: Query,
  diagnostics: Diagnostics,
  tools: SnapshotTools = {},
): Snapshot {
  const snapshot = takeRows(query, diagnostics, tools, kept);
  return { ...snapshot, sockets: kept(snapshot.sockets) };
}

/**
 * Like {@linkcode takeSnapshot}, for callers that look at each socket once.
 *
 * @param form Turns the rows that were read into the form that everything after works on.
 */
export function takeRows(
  query: Query,
  diagnostics: Diagnostics,
  tools: SnapshotTools = {},
  form: (rows: SocketRows) => Sockets = (rows) => rows,
): Snapshot<Sockets> {
  const { root = new ProcRoot(), users = new Users(), filter = null, access = LIVE, closing } =
    tools;
  const inode = currentNetns(root);
  const netns = inode === null ? null : { inode, name: null };
  const source = new Source(root, diagnostics, () => access.open(NETLINK_SOCK_DIAG));
  const rows = SocketRows.empty();
  const takenAtMs = access.now();
  try {
    closing?.enter(netns);
    collectRows(rows, query, source, netns, {
      filter: filter?.forRows(root, netns),
      core: closing === undefined ? tools.core : undefined,
      closing,
      sharing: access === LIVE,
      sockstat: tools.counted === true ? sockstatOf(root) : null,
    });
  } finally {
    source.close();
  }
  let made: Walk | undefined;
  const sockets = selectSockets(form(rows), query, filter, users, {
    owners(some) {
      // The walk comes after the dump, because the kernel gives a socket its cookie when it is dumped.
      const walk = access.owners(() =>
        walkOwners(root, query.owners ?? "auto", diagnostics, { cookies: true })
      );
      made = walk;
      attachOwners(some, root, tools.processes ?? new Processes(root, users), diagnostics, walk);
    },
    reach(some) {
      // Two small dumps, made when the first socket needs them.
      let interfaces: InterfaceTable | UnreadInterfaces | null | undefined = root.isLive
        ? undefined
        : null;
      fillReachOfRows(some, () => {
        if (interfaces === undefined) {
          interfaces = readInterfaces(root, inode, () => access.open(NETLINK_ROUTE));
          if (interfaces instanceof UnreadInterfaces) diagnostics.gap(interfaces.gap(inode));
        }
        return interfaces;
      });
    },
  });
  // A recording does not have what processes answer, and a walk is not made for this alone.
  if (
    access === LIVE && made !== undefined &&
    diagnostics.gaps.some(({ protocol }) => protocol !== undefined)
  ) {
    const { settleUnlisted } = require(
      "./unlisted_protocols.ts",
    ) as typeof import("./unlisted_protocols.ts");
    settleUnlisted(diagnostics, rows, root, made.search(new Set()));
  }
  return {
    host: readHost(root, inode),
    takenAtMs,
    gaps: diagnostics.gaps,
    sockets: inOrder(sockets),
  };
}
