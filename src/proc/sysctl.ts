/**
 * /proc/sys: settings and counters of the kernel. Those under net/ are of the network namespace that the thread is in.
 *
 * @module
 */
import { failureOf } from "../../ffi/errno.ts";
import { noteFailed } from "../../ffi/failed_calls.ts";
import { cString } from "../../ffi/memory.ts";
import type { PortRange } from "../model/port_range.ts";
import { latin1Text } from "../text/encoding.ts";
import type { ProcRoot } from "./root.ts";

/** The text of one setting without the newline; `null` where it cannot be read. `name`: `kernel/osrelease`. */
export function readSysctl(root: ProcRoot, name: string): string | null {
  const bytes = root.read(`sys/${name}`);
  if (typeof bytes !== "number") return latin1Text(bytes).trim();
  // Everybody may read the settings that are asked for. Whoever is refused lacks something that no verdict reckons with.
  if (root.isLive && failureOf(bytes) === "denied") {
    noteFailed("read", bytes, cString(`${root.path}/sys/${name}`));
  }
  return null;
}

/** Parses `32768	60999`; `null` for anything else. */
export function parsePortRange(text: string): PortRange | null {
  const match = /^(\d{1,5})\s+(\d{1,5})$/.exec(text.trim());
  return match === null ? null : { first: Number(match[1]), last: Number(match[2]) };
}

/** Ports that the kernel picks from; `null` where /proc does not tell. Kernel: net.ipv4.ip_local_port_range, for IPv6 too. */
export function readLocalPortRange(root: ProcRoot): PortRange | null {
  return parsePortRange(readSysctl(root, "net/ipv4/ip_local_port_range") ?? "");
}

/** Parses a list of ports and ranges as the kernel writes it: `8080,9000-9010`. Other items are ignored. */
export function parsePortList(text: string): PortRange[] {
  const ranges: PortRange[] = [];
  for (const item of text.trim().split(",")) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(item);
    if (match === null) continue;
    ranges.push({ first: Number(match[1]), last: Number(match[2] ?? match[1]) });
  }
  return ranges;
}

/** Ports that the kernel leaves out when it picks one; none where /proc does not tell. Kernel: net.ipv4.ip_local_reserved_ports. */
export function readReservedPorts(root: ProcRoot): PortRange[] {
  return parsePortList(readSysctl(root, "net/ipv4/ip_local_reserved_ports") ?? "");
}

/**
 * The first port that can be bound without privileges; `null` where /proc does not tell. Kernel:
 * net.ipv4.ip_unprivileged_port_start.
 */
export function readUnprivilegedPortStart(root: ProcRoot): number | null {
  const text = readSysctl(root, "net/ipv4/ip_unprivileged_port_start");
  return text === null || !/^\d+$/.test(text) ? null : Number(text);
}

/** Number of open files on the whole host; `null` where the kernel does not tell. A file that several processes share counts once. */
export function openFiles(root: ProcRoot): number | null {
  // Allocated, allocated and free (always 0), limit: proc_sys_fs(5).
  const match = /^(\d+)\s/.exec(readSysctl(root, "fs/file-nr") ?? "");
  return match === null ? null : Number(match[1]);
}
