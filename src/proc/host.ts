/**
 * The host an answer is about.
 *
 * @module
 */
import type { Host } from "../model/snapshot.ts";
import { netnsInode } from "./namespace.ts";
import type { ProcRoot } from "./root.ts";
import { utf8Text } from "../text/encoding.ts";

/** Kernel: PROC_PID_INIT_INO (include/linux/proc_ns.h), part of the user-space interface since 6.18. */
const INITIAL_PID_NAMESPACE = "pid:[4026531836]";

/** Reads name, boot, kernel and range of ports from /proc/sys, and our own namespace. */
export function readHost(root: ProcRoot): Host {
  const line = (path: string) => root.text(path)?.trim() || null;
  return {
    name: line("sys/kernel/hostname") ?? "unknown",
    bootId: line("sys/kernel/random/boot_id"),
    kernel: line("sys/kernel/osrelease") ?? "unknown",
    netns: currentNetns(root),
    ephemeralPorts: ephemeralPorts(line("sys/net/ipv4/ip_local_port_range")),
  };
}

/** Kernel: NET_NS_INIT_INO (include/uapi/linux/nsfs.h), since 6.18; before, the number was another and never this one. */
const INITIAL_NET_NAMESPACE = 0xeffffff9;

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

function ephemeralPorts(text: string | null): Host["ephemeralPorts"] {
  const match = /^(\d{1,5})\s+(\d{1,5})$/.exec(text ?? "");
  return match === null ? null : { first: Number(match[1]), last: Number(match[2]) };
}

/** Inode of the network namespace of this thread; `null` where /proc does not tell. */
export function currentNetns(root: ProcRoot): number | null {
  const link = root.link("thread-self/ns/net");
  if (typeof link === "number") return null;
  const match = /^net:\[(\d+)\]$/.exec(utf8Text(link));
  return match === null ? null : Number(match[1]);
}

/** True when processes exist that this /proc does not show: we are inside a PID namespace. `null`: unknown. */
export function insidePidNamespace(root: ProcRoot): boolean | null {
  const link = root.link("self/ns/pid");
  return typeof link === "number" ? null : utf8Text(link) !== INITIAL_PID_NAMESPACE;
}

/**
 * True when the process IDs of this /proc are those of our own PID namespace, which is what system calls understand. Not so
 * where a /proc from outside is mounted, or after unshare(1) without `--mount-proc`.
 */
export function showsOwnPids(root: ProcRoot): boolean {
  if (!root.isLive) return false;
  // One number a namespace, from that of the mount down to the process's own.
  const match = /^NSpid:\s+(.+)$/m.exec(root.text("thread-self/status") ?? "");
  return match !== null && match[1]!.trim().split(/\s+/).length === 1;
}

/** Open files on the whole host; `null` where the kernel does not tell. One that several processes hold counts once. */
export function openFiles(root: ProcRoot): number | null {
  // Allocated, allocated and free (always 0), limit: proc_sys_fs(5).
  const match = /^(\d+)\s/.exec(root.text("sys/fs/file-nr") ?? "");
  return match === null ? null : Number(match[1]);
}

/** Effective user ID of this program, as /proc tells it; `null` where it does not. */
export function effectiveUser(root: ProcRoot): number | null {
  // Real, effective, saved, file system: proc(5).
  const match = /^Uid:\s+\d+\s+(\d+)/m.exec(root.text("thread-self/status") ?? "");
  return match === null ? null : Number(match[1]);
}
