/**
 * The host an answer is about.
 *
 * @module
 */
import type { Host } from "../model/snapshot.ts";
import { currentNetns } from "./ns.ts";
import type { ProcRoot } from "./root.ts";
import { readLocalPortRange, readSysctl } from "./sysctl.ts";

/** In place of the release that could not be read. */
export const UNKNOWN_KERNEL = "unknown";

/**
 * Host name, boot ID, kernel release and local port range from /proc/sys, each read once, when it is asked for: a table in text
 * shows none of them. The port range is that of the network namespace which the thread is in then.
 *
 * @param netns The network namespace of this thread.
 */
export function readHost(root: ProcRoot, netns: number | null = currentNetns(root)): Host {
  const name = once(() => readSysctl(root, "kernel/hostname") || "unknown");
  const bootId = once(() => readSysctl(root, "kernel/random/boot_id") || null);
  const kernel = once(() => readSysctl(root, "kernel/osrelease") || UNKNOWN_KERNEL);
  const ephemeralPorts = once(() => readLocalPortRange(root));
  return {
    get name() {
      return name();
    },
    get bootId() {
      return bootId();
    },
    get kernel() {
      return kernel();
    },
    netns,
    get ephemeralPorts() {
      return ephemeralPorts();
    },
  };
}

function once<T>(read: () => T): () => T {
  let value: T | undefined;
  return () => value === undefined ? value = read() : value;
}
