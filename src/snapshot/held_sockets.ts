/**
 * The sockets that a few processes hold, by their descriptors, whether a table shows them or not.
 *
 * A socket that is neither bound nor connected is in no table, and one of another network namespace is not in ours.
 *
 * @module
 */
import { close } from "../../ffi/files.ts";
import { tryNamespaceOfSocket } from "../../ffi/namespace.ts";
import { tryCopyDescriptor } from "../../ffi/process.ts";
import { tryGetXattr } from "../../ffi/xattr.ts";
import { Diagnostics } from "../diagnostics.ts";
import { withThreads } from "../join/owners.ts";
import type { UnlistedSocket } from "../model/explanation.ts";
import type { ProcRoot } from "../proc/root.ts";
import { descriptorPath, DescriptorScanner, type Scan } from "../proc/scan.ts";
import { latin1Text } from "../text/encoding.ts";

/** A walk over these processes only, with the tables of their threads. */
export function scanFew(pids: readonly number[], root: ProcRoot): Scan {
  const scanner = new DescriptorScanner(root);
  return withThreads(scanner, scanner.scanProcesses(pids), null, new Diagnostics());
}

/** At most so many sockets are asked what they are. */
const MOST_ASKED = 4096;

type Draft = Omit<UnlistedSocket, "owners"> & {
  readonly owners: { readonly pid: number; readonly fds: number[] }[];
};

/** The sockets of a scan that `isListed` does not know, with their owners. */
export function unlistedSockets(
  { descriptors: table }: Scan,
  root: ProcRoot,
  isListed: (inode: number) => boolean,
): UnlistedSocket[] {
  const found = new Map<number, Draft>();
  for (let row = 0; row < table.length; row++) {
    const inode = table.inode(row);
    if (isListed(inode)) continue;
    const [pid, tid, fd] = [table.pid(row), table.tid(row), table.fd(row)];
    let socket = found.get(inode);
    if (socket === undefined) {
      const asked = found.size < MOST_ASKED;
      socket = {
        inode,
        protocol: asked ? protocolOf(root, pid, tid, fd) : null,
        netns: asked && tid === 0 && root.isLive ? namespaceOf(pid, fd) : null,
        owners: [],
      };
      found.set(inode, socket);
    }
    const owner = socket.owners.find((known) => known.pid === pid);
    if (owner === undefined) socket.owners.push({ pid, fds: [fd] });
    else if (!owner.fds.includes(fd)) owner.fds.push(fd);
  }
  return [...found.values()];
}

// Every socket has the kernel's name of its protocol as an extended attribute.
function protocolOf(root: ProcRoot, pid: number, tid: number, fd: number): string | null {
  const path = `${root.path}/${descriptorPath(pid, tid, fd)}`;
  const name = tryGetXattr(path, "system.sockprotoname");
  return typeof name === "number" ? null : latin1Text(name);
}

// Takes the right to trace the process, and CAP_NET_ADMIN.
function namespaceOf(pid: number, fd: number): number | null {
  const copy = tryCopyDescriptor(pid, fd);
  if (copy < 0) return null;
  try {
    const inode = tryNamespaceOfSocket(copy);
    return inode < 0 ? null : inode;
  } finally {
    close(copy);
  }
}
