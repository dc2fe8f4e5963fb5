/**
 * Attach: gives every socket its owners, or the reason why it has none.
 *
 * @module
 */
import { effectiveUserId } from "../../ffi/process.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Owner, Ownership } from "../model/owner.ts";
import type { Socket } from "../model/socket.ts";
import { insidePidNamespace } from "../proc/host.ts";
import type { Processes } from "../proc/process.ts";
import type { ProcRoot } from "../proc/root.ts";
import { DescriptorScanner, type Scan } from "../proc/scan.ts";
import { OwnerIndex } from "./owner_index.ts";

/** A walk over all processes, which may have been made before the sockets were known. */
export interface OwnerWalk {
  readonly scanner: DescriptorScanner;
  readonly scan: Scan;
}

/** Walks over all processes. Throws SyscallError when /proc cannot be listed. */
export function walkOwners(root: ProcRoot): OwnerWalk {
  const scanner = new DescriptorScanner(root);
  return { scanner, scan: scanner.scanProcesses() };
}

/**
 * Finds the owners of `sockets` and fills in `owners` and `ownership`. What could not be looked into becomes a gap, whether
 * a socket lacks its owner because of it or not: a second owner may be what is missing.
 */
export function attachOwners(
  sockets: readonly Socket[],
  root: ProcRoot,
  processes: Processes,
  diagnostics: Diagnostics,
  walk: OwnerWalk = walkOwners(root),
): void {
  const wanted = new Set<number>();
  for (const socket of sockets) if (socket.inode !== null) wanted.add(socket.inode);
  const { scanner, scan } = walk;
  const index = new OwnerIndex(scan.descriptors);
  index.update(wanted);
  // A thread may have left the shared table with a socket of its own. That costs a look at every thread, so only for
  // sockets that nobody else holds.
  const missing = [...wanted].filter((inode) => !index.has(inode));
  if (missing.length > 0 && root.isLive) {
    scanner.scanPrivateTables(scan.pids);
    index.update(wanted);
  }
  const unseen = whyUnseen(scan, root);
  let hiddenSockets = 0;
  for (const socket of sockets) {
    const owners = socket.inode === null ? [] : ownersOf(socket.inode, index, scan, processes);
    socket.owners = owners;
    socket.ownership = owners.length > 0 ? "owned" : ownershipWithout(socket, unseen);
    if (socket.ownership === "hidden") hiddenSockets++;
  }
  reportUnseen(scan, unseen, hiddenSockets, diagnostics);
}

function ownersOf(inode: number, index: OwnerIndex, scan: Scan, processes: Processes): Owner[] {
  const { pids, tids, fds } = scan.descriptors;
  const rows = index.rows(inode);
  rows.sort((a, b) => pids[a]! - pids[b]! || tids[a]! - tids[b]! || fds[a]! - fds[b]!);
  const owners: (Owner & { fds: number[] })[] = [];
  for (const row of rows) {
    const pid = pids[row]!;
    const tid = tids[row]! || null;
    const last = owners.at(-1);
    if (last === undefined || last.pid !== pid) {
      owners.push({ pid, fds: [fds[row]!], tid, process: processes.get(pid) });
    } else if (last.tid === tid) {
      last.fds.push(fds[row]!);
    } else if (last.tid !== null) {
      // Another thread's table. Where the main table holds the socket, a copy in a thread's adds nothing.
      owners.push({ pid, fds: [fds[row]!], tid, process: processes.get(pid) });
    }
  }
  return owners;
}

/** Why an owner may exist that was not found. */
interface Unseen {
  readonly deniedProcesses: number;
  readonly hidepid: boolean;
  readonly pidNamespace: boolean;
  readonly vanished: number;
}

function whyUnseen(scan: Scan, root: ProcRoot): Unseen {
  return {
    deniedProcesses: scan.denied.length,
    hidepid: scan.hidden,
    pidNamespace: root.isLive && insidePidNamespace(root) !== false,
    vanished: scan.vanished,
  };
}

// The kernel lets go of a closed socket's inode; only its state then tells a queue from an aftermath.
function ownershipWithout(socket: Socket, unseen: Unseen): Ownership {
  if (socket.inode === null) {
    switch (socket.state) {
      case "time_wait":
        return "time_wait";
      case "syn_recv":
      case "new_syn_recv":
      case "established":
      case "close_wait":
        return "unaccepted";
      case "fin_wait_1":
      case "fin_wait_2":
      case "closing":
      case "last_ack":
        return "orphan";
      default:
        return "kernel";
    }
  }
  if (unseen.deniedProcesses > 0 || unseen.hidepid || unseen.pidNamespace) return "hidden";
  return unseen.vanished > 0 ? "unknown" : "kernel";
}

function reportUnseen(
  scan: Scan,
  unseen: Unseen,
  hiddenSockets: number,
  diagnostics: Diagnostics,
): void {
  const { deniedProcesses } = unseen;
  if (deniedProcesses > 0) {
    const [what, whose] = deniedProcesses === 1
      ? ["1 process", "its"]
      : [`${deniedProcesses} processes`, "their"];
    // A container's root, or one whose capabilities were taken, is refused like anybody.
    const advice = effectiveUserId() === 0 ? "root needs CAP_SYS_PTRACE" : "run as root";
    diagnostics.gap({
      kind: "processes",
      reason: `${what} could not be read; ${advice} to see ${whose} sockets`,
      detail: { denied: deniedProcesses },
    });
  }
  if (unseen.hidepid) {
    diagnostics.gap({
      kind: "processes",
      reason:
        "/proc is mounted with hidepid: other users' processes are not shown; run as root to see them",
      detail: { hidepid: 2 },
    });
  }
  if (unseen.pidNamespace && hiddenSockets > 0 && deniedProcesses === 0 && !unseen.hidepid) {
    const what = hiddenSockets === 1 ? "1 socket is" : `${hiddenSockets} sockets are`;
    diagnostics.gap({
      kind: "processes",
      reason:
        `${what} held outside this PID namespace or by the kernel; run on the host to see by whom`,
      detail: { sockets: hiddenSockets, processes_seen: scan.pids.length },
    });
  }
}
