/**
 * Network namespaces that only a socket keeps alive: the process that made it there is gone, and another one has it now.
 *
 * No link in /proc leads to such a namespace. The socket itself does: a copy of its descriptor is asked where it belongs.
 *
 * @module
 */
import { ENOSYS, EPERM } from "../../ffi/errno.ts";
import { close } from "../../ffi/files.ts";
import { tryNamespaceOfSocket } from "../../ffi/namespace.ts";
import { tryCopyFrom, tryOpenProcess } from "../../ffi/process.ts";
import { tryGetNamespaceCookie } from "../../ffi/socket.ts";
import type { DescriptorTable } from "../proc/descriptors.ts";
import type { SocketPlace } from "./namespaces.ts";

/** At most so many sockets are asked: some 20 ms. */
const MOST_ASKED = 4096;
/** So many of each process before any more of one: a process with very many does not hide those of the others. */
const FIRST_ASKED = 16;

/** What the sockets told. */
export interface SocketNamespaces {
  /** A socket of each namespace, by the namespace's inode. */
  readonly found: ReadonlyMap<number, SocketPlace>;
  /** True if some sockets were not asked, because there are too many or we may not. */
  readonly partial: boolean;
}

/**
 * The namespaces of the sockets in a table, asked of each socket once. Tables of threads are left out, because pidfd_getfd(2)
 * does not know them. Takes the right to trace the processes (CAP_SYS_PTRACE) and CAP_NET_ADMIN, and Linux 5.6.
 */
export function namespacesOfSockets(table: DescriptorTable): SocketNamespaces {
  const found = new Map<number, SocketPlace>();
  const asked = new Set<number>();
  const cookies = new Set<bigint>();
  let partial = false;
  let process = -1;
  let pid = 0;
  const ask = (row: number): void => {
    if (table.pid(row) !== pid) {
      if (process >= 0) close(process);
      pid = table.pid(row);
      process = tryOpenProcess(pid);
    }
    const copy = process < 0 ? process : tryCopyFrom(process, table.fd(row));
    if (copy < 0) {
      partial ||= copy === -EPERM || copy === -ENOSYS;
      return;
    }
    try {
      // Cheaper than a descriptor of the namespace, and enough to know one that was met before. Linux 5.14.
      const cookie = tryGetNamespaceCookie(copy);
      if (cookie !== null && cookies.has(cookie)) return;
      const inode = tryNamespaceOfSocket(copy);
      if (inode < 0) {
        partial = true;
        return;
      }
      if (cookie !== null) cookies.add(cookie);
      if (!found.has(inode)) found.set(inode, { pid, fd: table.fd(row) });
    } finally {
      close(copy);
    }
  };
  for (const row of fairly(table)) {
    if (asked.has(table.inode(row))) continue;
    if (asked.size === MOST_ASKED) {
      partial = true;
      break;
    }
    asked.add(table.inode(row));
    ask(row);
  }
  if (process >= 0) close(process);
  return { found, partial };
}

/** The rows of main tables: the first few of each process, then the rest. Rows of one process stand together. */
function* fairly(table: DescriptorTable): Generator<number> {
  const rest: number[] = [];
  let pid = 0;
  let count = 0;
  for (let row = 0; row < table.length; row++) {
    if (table.tid(row) !== 0) continue;
    if (table.pid(row) !== pid) {
      pid = table.pid(row);
      count = 0;
    }
    if (count++ < FIRST_ASKED) yield row;
    // More than are asked need not be kept, and one more tells that there are more.
    else if (rest.length <= MOST_ASKED) rest.push(row);
  }
  yield* rest;
}
