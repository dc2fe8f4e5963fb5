/**
 * Attach: gives every socket its owners, or the reason why it has none.
 *
 * @module
 */
import { EMFILE, ENFILE, errnoName, errnoText } from "../../ffi/errno.ts";
import { effectiveUserId } from "../../ffi/process.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Ownership } from "../model/owner.ts";
import type { Socket } from "../model/socket.ts";
import type { Sockets } from "../model/sockets.ts";
import { CAP_SYS_PTRACE, holds } from "../proc/capabilities.ts";
import { processNames } from "../proc/comm.ts";
import { insidePidNamespace } from "../proc/ns.ts";
import type { Processes } from "../origin/processes.ts";
import type { ProcRoot } from "../proc/root.ts";
import type { Scan } from "../proc/scan.ts";
import { effectiveCapabilities, effectiveUser } from "../proc/status.ts";
import { stateName } from "../model/state.ts";
import type { CoreRows } from "../store/core_rows.ts";
import { OwnerIndex } from "../store/owner_index.ts";
import { coreRows } from "../store/in_core.ts";
import { OwnerLists } from "./owner_lists.ts";
import { type OwnerWalk, processesOf, walkOwners } from "./owners.ts";
import { plural } from "../text/plural.ts";

/**
 * Finds the owners of `sockets` and fills in `owners` and `ownership`. Processes that could not be looked into become a gap
 * even when every socket has an owner: a second owner may be missing.
 */
export function attachOwners(
  sockets: Sockets,
  root: ProcRoot,
  processes: Processes,
  diagnostics: Diagnostics,
  walk: OwnerWalk = walkOwners(root, "auto", diagnostics, { cookies: true }),
): void {
  let { scan } = walk;
  const inCore = coreRows(sockets);
  if (inCore !== null && joinInCore(inCore, root, processes, diagnostics, walk)) return;
  const index = new OwnerIndex(scan.descriptors, sockets.length);
  for (const socket of sockets) if (isWanted(socket)) index.want(socket.inode!);
  index.update();
  const missing = new Set<number>();
  if (index.unfound > 0) addUnowned(sockets, index, missing);
  // Also where every socket has an owner: a thread with descriptors of its own may be another one.
  scan = walk.search(missing);
  index.update();
  const unseen = whyUnseen(scan, root);
  const owners = new OwnerLists(scan.descriptors, index, processes);
  const hiddenSockets = giveOwners(sockets, index, owners, unseen);
  reportUnseen(scan, unseen, hiddenSockets, diagnostics, root);
}

// Sockets of the kernel itself have an inode too, but no process has a descriptor of it.
function isWanted({ inode, ownership }: Socket): boolean {
  return inode !== null && ownership !== "kernel";
}

function addUnowned(sockets: Sockets, index: OwnerIndex, missing: Set<number>): void {
  for (const socket of sockets) {
    if (isWanted(socket) && index.first(socket.inode!) === 0) missing.add(socket.inode!);
  }
}

/** Returns how many sockets have no owner that may be seen. */
function giveOwners(
  sockets: Sockets,
  index: OwnerIndex,
  owners: OwnerLists,
  unseen: Unseen,
): number {
  let hiddenSockets = 0;
  for (const socket of sockets) {
    const { inode } = socket;
    const first = inode === null ? 0 : index.first(inode);
    if (socket.ownedBy !== undefined) socket.ownedBy(owners, first);
    else socket.owners = owners.owners(first, socket, false);
    const ownership = first !== 0 ? "owned" : ownershipWithout(socket, unseen);
    socket.ownership = ownership;
    if (ownership === "hidden") hiddenSockets++;
  }
  return hiddenSockets;
}

/** Does the same with an index of all descriptors in the core, which joins them. Returns false, having done nothing, where it cannot. */
function joinInCore(
  rows: CoreRows,
  root: ProcRoot,
  processes: Processes,
  diagnostics: Diagnostics,
  walk: OwnerWalk,
): boolean {
  const { core, rest } = rows;
  const { descriptors } = walk.scan;
  const indexed = descriptors.length;
  let index = OwnerIndex.ofAll(descriptors, core, 0);
  if (!index.isInCore) return false;
  const missing = new Set<number>();
  rows.addUnowned(missing);
  addUnowned(rest, index, missing);
  const scan = walk.search(missing);
  if (descriptors.length !== indexed) index = OwnerIndex.ofAll(descriptors, core, 0);
  if (!index.isInCore) return false;
  const unseen = whyUnseen(scan, root);
  const owners = new OwnerLists(descriptors, index, processes);
  const ownership = (inode: number | null, state: Socket["state"]) =>
    ownershipWithout({ ownership: "unknown", inode, state }, unseen);
  const withInode = ownership(1, "established");
  const unowned = rows.join(owners, {
    withInode,
    byState: Array.from({ length: 16 }, (_, state) => ownership(null, stateName(state))),
  });
  const hiddenSockets = giveOwners(rest, index, owners, unseen) +
    (withInode === "hidden" ? unowned : 0);
  reportUnseen(scan, unseen, hiddenSockets, diagnostics, root);
  return true;
}

/** Why there may be an owner that was not found. */
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

// A closed socket and one that nobody has accepted have no inode. Only the state tells which of the two it is.
function ownershipWithout(
  socket: Pick<Socket, "ownership" | "inode" | "state">,
  unseen: Unseen,
): Ownership {
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
  const errors = scan.errors ?? new Map<number, number>();
  const refused = scan.denied.filter((pid) => !errors.has(pid)).length;
  if (refused > 0) {
    const [what, whose] = processes(refused);
    // Root in a container, or root without its capabilities, is refused like any other user.
    const advice = (effectiveUser(root) ?? effectiveUserId()) !== 0
      ? `run as root to see ${whose} sockets`
      : !holds(effectiveCapabilities(root), CAP_SYS_PTRACE)
      ? `root needs CAP_SYS_PTRACE to see ${whose} sockets`
      : "protected, even from root";
    diagnostics.gap({
      kind: "processes",
      reason: `${what} could not be read; ${advice}`,
      detail: { denied: refused },
      // Read only when they are told.
      get items() {
        return processNames(scan.denied.filter((pid) => !errors.has(pid)), root);
      },
    });
  }
  for (const [error, pids] of byError(scan.denied, errors)) {
    const [what, whose] = processes(pids.length);
    const exhausted = error === EMFILE || error === ENFILE;
    diagnostics.gap({
      kind: "processes",
      reason: exhausted
        ? `${what} could not be read; too many files are open: raise the limit (ulimit -n)`
        : `${what} could not be read: ${errnoText(error)} (${
          errnoName(error)
        }); ${whose} sockets may be missing an owner`,
      detail: { denied: pids.length, errno: errnoName(error) },
      get items() {
        return processNames(pids, root, `: ${errnoText(error)} (${errnoName(error)})`);
      },
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
  if (unseen.pidNamespace && deniedProcesses === 0 && !unseen.hidepid) {
    const what = plural(hiddenSockets, "socket is", "sockets are");
    diagnostics.gap({
      kind: "processes",
      // A socket whose owner is seen may have another one outside, as in socket activation of a container.
      reason: hiddenSockets > 0
        ? `${what} owned by the kernel or by processes outside this PID namespace; run on the host to see them`
        : "processes outside this PID namespace cannot be seen and may hold these sockets too; run on the host to see them",
      detail: { sockets: hiddenSockets, processes_seen: seenProcesses(scan) },
    });
  }
}

function processes(count: number): [what: string, whose: string] {
  return [plural(count, "process", "processes"), count === 1 ? "its" : "their"];
}

function byError(
  denied: readonly number[],
  errors: ReadonlyMap<number, number>,
): Map<number, number[]> {
  const pids = new Map<number, number[]>();
  for (const pid of denied) {
    const error = errors.get(pid);
    if (error === undefined) continue;
    const same = pids.get(error);
    if (same === undefined) pids.set(error, [pid]);
    else same.push(pid);
  }
  return pids;
}

function seenProcesses({ pids, descriptors }: Scan): number {
  return pids.length > 0 ? pids.length : processesOf(descriptors).size;
}
