/**
 * Attach: gives every socket its owners, or the reason why it has none.
 *
 * @module
 */
import { effectiveUserId } from "../../ffi/process.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Owner, Ownership } from "../model/owner.ts";
import type { Socket } from "../model/socket.ts";
import { CAP_SYS_PTRACE, effectiveCapabilities, holds } from "../proc/capabilities.ts";
import { effectiveUser, insidePidNamespace } from "../proc/host.ts";
import type { Processes } from "../proc/process.ts";
import type { ProcRoot } from "../proc/root.ts";
import type { Scan } from "../proc/scan.ts";
import { OwnerIndex } from "./owner_index.ts";
import { type OwnerWalk, walkOwners } from "./owners.ts";

/**
 * Finds the owners of `sockets` and fills in `owners` and `ownership`. What could not be looked into becomes a gap, whether
 * a socket lacks its owner because of it or not: a second owner may be what is missing.
 */
export function attachOwners(
  sockets: readonly Socket[],
  root: ProcRoot,
  processes: Processes,
  diagnostics: Diagnostics,
  walk: OwnerWalk = walkOwners(root, "auto", diagnostics),
): void {
  const wanted = new Set<number>();
  for (const { inode, ownership } of sockets) {
    // The kernel's own have an inode as well, which no process has.
    if (inode !== null && ownership !== "kernel") wanted.add(inode);
  }
  let { scan } = walk;
  const index = new OwnerIndex(scan.descriptors);
  index.update(wanted);
  // A closer look costs something for every process, so it is only for sockets that nobody was found to hold.
  const missing = new Set([...wanted].filter((inode) => !index.has(inode)));
  if (missing.size > 0) {
    scan = walk.search(missing);
    index.update(missing);
  }
  const unseen = whyUnseen(scan, root);
  let hiddenSockets = 0;
  for (const socket of sockets) {
    const owners = socket.inode === null
      ? []
      : ownersOf(index.rows(socket.inode, socket.cookie), scan, processes);
    socket.owners = owners;
    socket.ownership = owners.length > 0 ? "owned" : ownershipWithout(socket, unseen);
    if (socket.ownership === "hidden") hiddenSockets++;
  }
  reportUnseen(scan, unseen, hiddenSockets, diagnostics, root);
}

function ownersOf(rows: number[], scan: Scan, processes: Processes): Owner[] {
  const { pids, tids, fds } = scan.descriptors;
  if (rows.length < 2) {
    return rows.map((row) => ({
      pid: pids[row]!,
      fds: [fds[row]!],
      tid: tids[row]! || null,
      process: processes.get(pids[row]!),
    }));
  }
  rows.sort((a, b) => pids[a]! - pids[b]! || tids[a]! - tids[b]! || fds[a]! - fds[b]!);
  const owners: (Owner & { fds: number[] })[] = [];
  for (const row of rows) {
    const pid = pids[row]!;
    const tid = tids[row]! || null;
    const last = owners.at(-1);
    if (last !== undefined && last.pid === pid && last.tid === tid) last.fds.push(fds[row]!);
    else owners.push({ pid, fds: [fds[row]!], tid, process: processes.get(pid) });
  }
  return owners.length === 1 ? owners : owners.filter((owner, i) => !isRepeated(owner, i, owners));
}

// A thread's table adds nothing where the process's main table holds the socket, nor where another thread holds it by the
// same descriptors: threads whose leader has exited share one table and are all seen with it.
function isRepeated(owner: Owner, at: number, owners: readonly Owner[]): boolean {
  if (owner.tid === null) return false;
  for (let i = at - 1; i >= 0 && owners[i]!.pid === owner.pid; i--) {
    const earlier = owners[i]!;
    if (earlier.tid === null) return true;
    if (
      earlier.fds.length === owner.fds.length && earlier.fds.every((fd, j) => fd === owner.fds[j])
    ) return true;
  }
  return false;
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
  if (socket.ownership === "kernel") return "kernel";
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
  root: ProcRoot,
): void {
  const { deniedProcesses } = unseen;
  if (deniedProcesses > 0) {
    const [what, whose] = deniedProcesses === 1
      ? ["1 process", "its"]
      : [`${deniedProcesses} processes`, "their"];
    // A container's root, or one whose capabilities were taken, is refused like anybody.
    const advice = (effectiveUser(root) ?? effectiveUserId()) !== 0
      ? `run as root to see ${whose} sockets`
      : !holds(effectiveCapabilities(root), CAP_SYS_PTRACE)
      ? `root needs CAP_SYS_PTRACE to see ${whose} sockets`
      : "closed even to root";
    diagnostics.gap({
      kind: "processes",
      reason: `${what} could not be read; ${advice}`,
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
      detail: { sockets: hiddenSockets, processes_seen: seenProcesses(scan) },
    });
  }
}

function seenProcesses({ pids, descriptors }: Scan): number {
  return pids.length > 0
    ? pids.length
    : new Set(descriptors.pids.subarray(0, descriptors.length)).size;
}
