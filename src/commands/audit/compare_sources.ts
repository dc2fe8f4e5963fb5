/**
 * Compares the sources: do sock_diag, /proc/net and the descriptors of processes show the same services?
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
import { hostQuery } from "../../snapshot/host_snapshot.ts";

/** Transports that both sock_diag and /proc/net list. */
const COMPARED: ReadonlySet<Transport> = new Set(["tcp", "udp", "udplite", "raw"]);
/** At most so many sockets that no table lists are asked what they are. Most of them were never bound. */
const MOST_ASKED = 4096;

/** Compares the three for our own network namespace. Only differences that a second scan finds again are returned. */
export function compareSources(root = new ProcRoot()): Discrepancy[] {
  const first = scan(root);
  if (first.length === 0) return [];
  const again = new Set(scan(root).map(signature));
  return first.filter((discrepancy) => again.has(signature(discrepancy)));
}

function signature({ kind, endpoint, inode }: Discrepancy): string {
  return `${kind} ${endpoint} ${inode}`;
}

function scan(root: ProcRoot): Discrepancy[] {
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
        hostQuery(connections),
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

/** Services that are in only one of two lists. The first list may contain connections as well. */
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

// Neither the interface, which /proc does not tell, nor the inode, which not every socket has.
function place(socket: Socket): string {
  const local = socket.local as { address?: string; port?: number };
  return `${socket.family} ${socket.transport} ${local.address} ${local.port} ${socket.inode}`;
}

function told(socket: Socket): string {
  const text = endpointTraits(socket.family).text(socket.local);
  return `${socket.transport} ${typeof text === "string" ? text : "?"}`;
}

/**
 * Listening sockets of this namespace that processes own but `listed` lacks. A socket that was never bound is in no table
 * either, so each one is asked whether it listens, through a copy of its descriptor.
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
  // Processes in this namespace first: the others mostly own sockets of their own namespaces.
  const rows: number[] = [];
  for (const wanted of [true, false]) {
    for (let row = 0; row < length; row++) {
      // pidfd_getfd(2) knows only the main descriptor table, not those of threads.
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
  // A socket stays in the namespace it was made in, wherever its owner moves.
  const namespace = tryOpenSocketNamespace(fd);
  if (namespace < 0) return false;
  try {
    return namespaceInode(namespace) === netns;
  } finally {
    close(namespace);
  }
}
