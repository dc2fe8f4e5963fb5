/**
 * The host an answer is about.
 *
 * @module
 */
import type { Host } from "../model/snapshot.ts";
import { currentNetns } from "./ns.ts";
import type { ProcRoot } from "./root.ts";
import { readLocalPortRange, readSysctl } from "./sysctl.ts";

/** Reads host name, boot ID, kernel release and local port range from /proc/sys, and the network namespace of this thread. */
export function readHost(root: ProcRoot): Host {
  return {
    name: readSysctl(root, "kernel/hostname") || "unknown",
    bootId: readSysctl(root, "kernel/random/boot_id") || null,
    kernel: readSysctl(root, "kernel/osrelease") || "unknown",
    netns: currentNetns(root),
    ephemeralPorts: readLocalPortRange(root),
  };
}
