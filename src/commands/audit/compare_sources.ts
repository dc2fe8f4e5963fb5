/**
 * Cross-check: do sock_diag, /proc/net and the descriptors of processes show the same services?
 *
 * @module
 */
import { ENOSYS, SyscallError } from "../../../ffi/errno.ts";
import { close } from "../../../ffi/files.ts";
import { namespaceInode } from "../../../ffi/namespace.ts";
import { tryCopyDescriptor } from "../../../ffi/process.ts";
import {
  AF_INET,
  AF_INET6,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SOL_SOCKET,
  tryGetIntOption,
  tryOpenSocketNamespace,
} from "../../../ffi/socket.ts";
import type { Discrepancy } from "../../audit/advice/rule.ts";
import { collectSockets } from "../../snapshot/collect.ts";
import { Source } from "../../snapshot/source.ts";
import { Diagnostics } from "../../diagnostics.ts";
import { endpointTraits } from "../../families/mod.ts";
import { walkOwners } from "../../join/owners.ts";
import type { Socket, Transport } from "../../model/socket.ts";
import { currentNetns, netnsInode } from "../../proc/ns.ts";
import { ProcRoot } from "../../proc/root.ts";
import { wholeHostQuery } from "../../snapshot/host_snapshot.ts";

/** What both sock_diag and /proc/net can list. */
const COMPARED: ReadonlySet<Transport> = new Set(["tcp", "udp", "udplite", "raw"]);
/** Of sockets that no table knows, at most so many are asked themselves: most were never bound. */
const MOST_ASKED = 4096;

/** Compares the three for the network namespace we are in. What differs is looked at once more before it is told. */
export function crossCheck(root = new ProcRoot()): Discrepancy[] {
  const first = look(root);
  if (first.length === 0) return [];
  const again = new Set(look(root).map(signature));
  return first.filter((discrepancy) => again.has(signature(discrepancy)));
}

function signature({ kind, endpoint, inode }: Discrepancy): string {
  return `${kind} ${endpoint} ${inode}`;
}

function look(root: ProcRoot): Discrepancy[] {
  const netns = currentNetns(root);
  const tables = (kind: "netlink" | "proc", connections: boolean): Socket[] => {
    const source = new Source(
      root,
      new Diagnostics(),
      ...(kind === "netlink" ? [] : [() => {
        throw new SyscallError("sock_diag left aside", ENOSYS);
      }]),
    );
    try {
      return collectSockets(
        wholeHostQuery(connections),
        source,
        netns === null ? null : { inode: netns, name: null },
      );
    } finally {
      source.close();
    }
  };
  const diag = tables("netlink", true);
  const proc = tables("proc", false);
  return [...compareTables(diag, proc), ...onlyDescriptors(root, [...diag, ...proc], netns)];
}

/** Services that one of two lists has and the other has not. The first may hold connections as well. */
export function compareTables(
  diag: readonly Socket[],
  proc: readonly Socket[],
): Discrepancy[] {
  const only = (
    kind: Discrepancy["kind"],
    here: readonly Socket[],
    there: readonly Socket[],
  ): Discrepancy[] => {
    const known = new Set(there.map(place));
    return here.filter((socket) => isCompared(socket) && !known.has(place(socket)))
      .map((socket) => ({ kind, endpoint: told(socket), inode: socket.inode, detail: "" }));
  };
  return [
    ...only("only_sock_diag", diag, proc),
    ...only("only_proc_net", proc, diag),
  ];
}

function isCompared({ transport, state, peer }: Socket): boolean {
  return COMPARED.has(transport) && peer === null &&
    (state === "listen" || transport !== "tcp" && state === "close");
}

// /proc does not tell the interface, and not every socket has an inode.
function place(socket: Socket): string {
  const local = socket.local as { address?: string; port?: number };
  return `${socket.family} ${socket.transport} ${local.address} ${local.port} ${socket.inode}`;
}

function told(socket: Socket): string {
  const text = endpointTraits(socket.family).text(socket.local);
  return `${socket.transport} ${typeof text === "string" ? text : "?"}`;
}

/**
 * Sockets of this namespace that processes hold, that take connections, and that `listed` lacks. A socket that was never
 * bound is in no table either, so each is asked itself, through a copy of its descriptor.
 */
export function onlyDescriptors(
  root: ProcRoot,
  listed: readonly Socket[],
  netns: number | null,
): Discrepancy[] {
  if (!root.isLive) return [];
  const known = new Set(listed.map(({ inode }) => inode));
  const { pids, tids, fds, inodes, length } =
    walkOwners(root, "auto", new Diagnostics()).scan.descriptors;
  const near = new Map<number, boolean>();
  const isNear = (pid: number): boolean => {
    let known = near.get(pid);
    if (known === undefined) {
      const link = root.link(`${pid}/ns/net`);
      known = typeof link !== "number" && netnsInode(link) === netns;
      near.set(pid, known);
    }
    return known;
  };
  // Holders in this namespace first: those elsewhere mostly hold sockets of elsewhere.
  const rows: number[] = [];
  for (const wanted of [true, false]) {
    for (let row = 0; row < length; row++) {
      // pidfd_getfd reads the main table alone.
      if (tids[row] === 0 && !known.has(inodes[row]!) && isNear(pids[row]!) === wanted) {
        rows.push(row);
      }
    }
  }
  const found: Discrepancy[] = [];
  const asked = new Set<number>();
  for (const row of rows) {
    const inode = inodes[row]!;
    if (asked.size >= MOST_ASKED) break;
    if (asked.has(inode)) continue;
    asked.add(inode);
    const fd = tryCopyDescriptor(pids[row]!, fds[row]!);
    if (fd < 0) continue;
    try {
      if (!isListeningHere(fd, netns)) continue;
    } finally {
      close(fd);
    }
    found.push({
      kind: "only_descriptors",
      endpoint: `socket:[${inode}]`,
      inode,
      detail: `descriptor ${fds[row]} of process ${pids[row]}`,
    });
  }
  return found;
}

function isListeningHere(fd: number, netns: number | null): boolean {
  const domain = tryGetIntOption(fd, SOL_SOCKET, SO_DOMAIN);
  if (domain !== AF_INET && domain !== AF_INET6) return false;
  if (tryGetIntOption(fd, SOL_SOCKET, SO_ACCEPTCONN) !== 1) return false;
  // A socket stays in the namespace it was made in, wherever its holder went.
  const namespace = tryOpenSocketNamespace(fd);
  if (namespace < 0) return false;
  try {
    return namespaceInode(namespace) === netns;
  } finally {
    close(namespace);
  }
}
