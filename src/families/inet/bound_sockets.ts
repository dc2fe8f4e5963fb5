/**
 * Whether the kernel lists TCP sockets that are only bound.
 *
 * @module
 */
import type { ProcRoot } from "../../proc/root.ts";
import { readSysctl } from "../../proc/sysctl.ts";

/** True from Linux 6.8 on, the first with TCP_BOUND_INACTIVE. An older kernel would walk its connections for nothing. */
export function knowsBoundSockets(root: ProcRoot): boolean {
  const release = /^(\d+)\.(\d+)/.exec(readSysctl(root, "kernel/osrelease") ?? "");
  if (release === null) return false;
  const major = Number(release[1]);
  return major > 6 || major === 6 && Number(release[2]) >= 8;
}
