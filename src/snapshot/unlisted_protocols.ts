/**
 * Tables that the kernel cannot list, because it has no diag module for them: nothing is missing where no process has a socket
 * of their kind.
 *
 * /proc/net/protocols counts the sockets of most protocols, and `Source` needs no more. It counts none of vsock and TIPC, so
 * processes are asked what their sockets are. A socket that no process has yet, because one process is passing it to another,
 * is not seen.
 *
 * @module
 */
import { tryGetXattr } from "../../ffi/xattr.ts";
import { failureOf } from "../../ffi/errno.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { insidePidNamespace } from "../proc/ns.ts";
import type { ProcRoot } from "../proc/root.ts";
import { descriptorPath, type Scan } from "../proc/scan.ts";
import { latin1Text } from "../text/encoding.ts";

/** At most so many sockets are asked, which takes some 40 ms. On a host with more it stays unknown. */
const MOST_ASKED = 4096;

/**
 * The protocols of the sockets that processes have, by the kernel's names: `TCP`, `AF_VSOCK`. Sockets that `isListed` knows are
 * not asked. `null` where one could not be asked, a process could not be read, or there are too many. It costs a call for each.
 *
 * Kernel: xattr system.sockprotoname.
 */
export function protocolsHeld(
  { descriptors: table, denied, hidden }: Scan,
  root: ProcRoot,
  isListed: (inode: number) => boolean,
): ReadonlySet<string> | null {
  if (denied.length > 0 || hidden || insidePidNamespace(root) !== false) return null;
  const asked = new Set<number>();
  const protocols = new Set<string>();
  for (let row = 0; row < table.length; row++) {
    const inode = table.inode(row);
    if (asked.has(inode) || isListed(inode)) continue;
    if (asked.size >= MOST_ASKED) return null;
    const path = descriptorPath(table.pid(row), table.tid(row), table.fd(row));
    const name = tryGetXattr(`${root.path}/${path}`, "system.sockprotoname");
    if (typeof name !== "number") {
      asked.add(inode);
      protocols.add(latin1Text(name).replace(/\0.*$/, ""));
    } else if (failureOf(name) !== "absent") {
      return null;
    }
    // Otherwise it was closed since, and another descriptor may have the same socket.
  }
  return protocols;
}

/** Takes back the gaps of tables that cannot be listed, where no process of a whole scan has such a socket. */
export function settleUnlisted(
  diagnostics: Diagnostics,
  sockets: Iterable<{ readonly inode: number | null }>,
  root: ProcRoot,
  scan: Scan,
): void {
  const doubtful = diagnostics.gaps.filter(({ protocol }) => protocol !== undefined);
  if (doubtful.length === 0 || !root.isLive) return;
  const listed = new Set<number | null>();
  for (const { inode } of sockets) listed.add(inode);
  const held = protocolsHeld(scan, root, (inode) => listed.has(inode));
  if (held === null) return;
  for (const gap of doubtful) {
    if (held.has(gap.protocol!)) continue;
    diagnostics.withdraw(gap);
    diagnostics.note(`${gap.reason}, but no process has such a socket`);
  }
}
