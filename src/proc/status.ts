/**
 * /proc/PID/status: user, capabilities, and process IDs by PID namespace.
 *
 * @module
 */
import type { ProcRoot } from "./root.ts";

/** Effective user ID in the text of a status file; `null` where the line is missing. */
export function effectiveUid(status: string): number | null {
  // Real, effective, saved, file system: proc(5).
  const match = /^Uid:\s+\d+\s+(\d+)/m.exec(status);
  return match === null ? null : Number(match[1]);
}

/** Effective capabilities in the text of a status file, one bit each; `null` where the line is missing. */
export function capabilitySet(status: string): bigint | null {
  const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(status);
  return match === null ? null : BigInt(`0x${match[1]}`);
}

/** In how many PID namespaces, counted from that of the /proc mount, a process has an ID; `null` where the line is missing. */
export function pidNamespaceDepth(status: string): number | null {
  // One number a namespace, from that of the mount down to the process's own.
  const match = /^NSpid:\s+(.+)$/m.exec(status);
  return match === null ? null : match[1]!.trim().split(/\s+/).length;
}

/** The file of a process ID or `thread-self`; empty where it cannot be read. */
function readStatus(root: ProcRoot, process: number | "thread-self"): string {
  return root.text(`${process}/status`) ?? "";
}

/** Effective user ID of a process, by default of this thread; `null` where /proc does not tell. */
export function effectiveUser(
  root: ProcRoot,
  process: number | "thread-self" = "thread-self",
): number | null {
  return effectiveUid(readStatus(root, process));
}

/** Effective capabilities of this thread, one bit each; `null` where /proc does not tell. */
export function effectiveCapabilities(root: ProcRoot): bigint | null {
  return capabilitySet(readStatus(root, "thread-self"));
}

/**
 * True when the process IDs of this /proc are those of our own PID namespace, which is what system calls understand. Not so
 * where a /proc from outside is mounted, or after unshare(1) without `--mount-proc`.
 */
export function showsOwnPids(root: ProcRoot): boolean {
  return root.isLive && pidNamespaceDepth(readStatus(root, "thread-self")) === 1;
}
