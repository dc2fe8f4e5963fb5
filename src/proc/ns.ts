/**
 * /proc/PID/ns/net and ns/pid: links that name the namespaces of a process.
 *
 * @module
 */
import { AT_FDCWD } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { tryStatAt } from "../../ffi/stat.ts";
import { utf8Text } from "../text/encoding.ts";
import type { ProcRoot } from "./root.ts";

const NET = "net:[";

/** Kernel: NET_NS_INIT_INO (include/uapi/linux/nsfs.h), since Linux 6.18. Older kernels never use this number. */
const INITIAL_NET_NAMESPACE = 0xeffffff9;

/** Kernel: PROC_PID_INIT_INO (include/linux/proc_ns.h), part of the user-space interface since 6.18. */
const INITIAL_PID_NAMESPACE = "pid:[4026531836]";

/** The inode N in `net:[N]`, the target of /proc/PID/ns/net and of descriptors of a namespace; -1 for any other target. */
export function netnsInode(target: Uint8Array, length = target.length): number {
  if (length < 7 || target[length - 1] !== 0x5d) return -1;
  for (let i = 0; i < NET.length; i++) if (target[i] !== NET.charCodeAt(i)) return -1;
  let inode = 0;
  for (let i = NET.length; i < length - 1; i++) {
    const digit = target[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    inode = inode * 10 + digit;
  }
  return inode;
}

/** Inode of the network namespace of a process ID or `thread-self`; `null` where /proc does not tell. */
export function readNetns(root: ProcRoot, process: number | "thread-self"): number | null {
  const link = root.link(`${process}/ns/net`);
  const inode = typeof link === "number" ? -1 : netnsInode(link);
  return inode < 0 ? null : inode;
}

/** Inode of the network namespace of this thread; `null` where /proc does not tell. */
export function currentNetns(root: ProcRoot): number | null {
  const inode = readNetns(root, "thread-self");
  if (inode !== null || !root.isLive) return inode;
  // By it services are told from those of other namespaces, so the file itself is asked where its link cannot be read.
  const status = tryStatAt(AT_FDCWD, cString(`${root.path}/thread-self/ns/net`));
  return typeof status === "number" ? null : status.inode;
}

/**
 * True for the network namespace that the host booted with, false for another, `null` where /proc does not tell: inside a
 * PID namespace, or without permission to look at process 1.
 */
export function isHostNetns(root: ProcRoot, inode: number): boolean | null {
  if (inode === INITIAL_NET_NAMESPACE) return true;
  if (insidePidNamespace(root) !== false) return null;
  const link = root.link("1/ns/net");
  return typeof link === "number" ? null : netnsInode(link) === inode;
}

/**
 * True if this process is inside a PID namespace, so that processes exist which /proc does not show. `null` where /proc does not
 * tell.
 */
export function insidePidNamespace(root: ProcRoot): boolean | null {
  let inside = insides.get(root);
  if (inside === undefined) {
    const link = root.link("self/ns/pid");
    inside = typeof link === "number" ? null : utf8Text(link) !== INITIAL_PID_NAMESPACE;
    insides.set(root, inside);
  }
  return inside;
}

/** A process stays in its PID namespace, so each root is asked once. */
const insides = new WeakMap<ProcRoot, boolean | null>();
