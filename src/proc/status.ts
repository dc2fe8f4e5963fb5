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

/** Number of PID namespaces in which a process has an ID, from that of the /proc mount inwards; `null` where the line is missing. */
export function pidNamespaceDepth(status: string): number | null {
  // One process ID for each namespace, from that of the mount to the process's own.
  const match = /^NSpid:\s+(.+)$/m.exec(status);
  return match === null ? null : match[1]!.trim().split(/\s+/).length;
}

/** Of this thread, whose user, capabilities and namespaces stay as they are: it is read once. */
const own = new WeakMap<ProcRoot, string>();

/** The status file of a process; empty where it cannot be read. */
function readStatus(root: ProcRoot, process: number | "thread-self"): string {
  if (process !== "thread-self") return root.text(`${process}/status`) ?? "";
  let status = own.get(root);
  if (status === undefined) {
    status = root.text("thread-self/status") ?? "";
    own.set(root, status);
  }
  return status;
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
 * True when the process IDs of this /proc are those of this process's PID namespace, so that they can be passed to system calls.
 * False if the /proc of another namespace is mounted, as after unshare(1) without `--mount-proc`.
 */
export function showsOwnPids(root: ProcRoot): boolean {
  return root.isLive && pidNamespaceDepth(readStatus(root, "thread-self")) === 1;
}
