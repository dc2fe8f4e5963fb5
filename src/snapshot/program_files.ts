/**
 * Programs of owners, compared with the files that this host has at their paths.
 *
 * The kernel tells the path of a program as it is on the mount where it was found. In a mount namespace of his own, any user can
 * put a file of his at any path, and start it from outside as well, through /proc/PID/root or a descriptor. So a path alone does
 * not say which program runs, and neither does the namespace of its process: the mount has to be one of those that it sees.
 *
 * @module
 */
import { tellProgress } from "../text/progress.ts";
import { AT_FDCWD, close, O_PATH, tryOpenAt } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { type FileStatus, isSameFile, tryStatAt } from "../../ffi/stat.ts";
import { MountTable } from "../files/mount_table.ts";
import { Refusal } from "../files/refusal.ts";
import { mountIdOf, UntrustedTree } from "../files/untrusted_tree.ts";
import { ProcRoot } from "../proc/root.ts";
import { latin1Text } from "../text/encoding.ts";
import type { OwnerDocument, SnapshotDocument } from "./document.ts";

/** The document with `exe_is_host_file` added to each owner whose program is known. */
export function withProgramFiles(
  document: SnapshotDocument,
  root = new ProcRoot(),
): SnapshotDocument {
  const known = new Map<number, boolean | null>();
  const own = namespaces(root, "thread-self");
  const tree = UntrustedTree.open("/");
  const compared = (owner: OwnerDocument): OwnerDocument => {
    const { pid, exe, exe_deleted: deleted, container } = owner;
    if (exe === null) return owner;
    let same = known.get(pid);
    if (same === undefined) {
      const program = { pid, exe, deleted, inContainer: container !== null };
      known.set(pid, same = isHostFile(program, tree, root, own));
      tellProgress(known.size, "programs");
    }
    return { ...owner, exe_is_host_file: same };
  };
  try {
    const sockets = document.sockets.map((socket) =>
      socket.owners.length === 0 ? socket : { ...socket, owners: socket.owners.map(compared) }
    );
    return { ...document, sockets };
  } finally {
    if (tree instanceof UntrustedTree) tree.close();
  }
}

/** Names of namespaces as their links in /proc have them; `null` where they cannot be read. */
interface Namespaces {
  readonly mnt: string | null;
  readonly user: string | null;
}

function namespaces(root: ProcRoot, process: string): Namespaces {
  const name = (kind: string) => {
    const link = root.link(`${process}/ns/${kind}`);
    return typeof link === "number" ? null : latin1Text(link);
  };
  return { mnt: name("mnt"), user: name("user") };
}

interface Program {
  readonly pid: number;
  /** Its path, as the process sees it. */
  readonly exe: string | Uint8Array;
  /** True if the file was removed since. */
  readonly deleted: boolean | null;
  readonly inContainer: boolean;
}

/** Whether the program that a process runs is the file that this host has at its path; `null` where that cannot be told. */
export function runsHostFile(program: Program, root: ProcRoot): boolean | null {
  const tree = UntrustedTree.open("/");
  try {
    return isHostFile(program, tree, root, namespaces(root, "thread-self"));
  } finally {
    if (tree instanceof UntrustedTree) tree.close();
  }
}

function isHostFile(
  { pid, exe, deleted, inContainer }: Program,
  tree: UntrustedTree | Refusal,
  root: ProcRoot,
  own: Namespaces,
): boolean | null {
  const running = tryStatAt(AT_FDCWD, cString(`${root.path}/${pid}/exe`));
  const there = tree instanceof Refusal ? tree : tree.stat(exe);
  if (typeof running !== "number" && !(there instanceof Refusal) && isSameFile(running, there)) {
    return true;
  }
  const its = namespaces(root, String(pid));
  if (own.mnt === null || its.mnt === null) return null;
  if (typeof running === "number") return null;
  // On a mount of our own the kernel's path is ours, even if the file was removed or replaced since.
  if (its.mnt === own.mnt) return isOnMountOf(null, pid, running, root);
  // The file of a service was removed since, as an update does. Only root can have made its mount namespace.
  if (deleted && !inContainer && its.user !== null && its.user === own.user) {
    return isOnMountOf(pid, pid, running, root);
  }
  return there instanceof Refusal && there.why !== "absent" ? null : false;
}

/** Whether the program of `pid` is on a mount of ours (`null`) or of another process; `null` if that cannot be told. */
function isOnMountOf(
  whose: number | null,
  pid: number,
  running: FileStatus,
  root: ProcRoot,
): boolean | null {
  const id = running.mountId ?? mountOf(`${root.path}/${pid}/exe`);
  if (id === null) return null;
  if (whose !== null) return MountTable.of(whose).has(id);
  // It may have been mounted since the table was read.
  return MountTable.own().has(id) || MountTable.ownAnew().has(id);
}

// Before Linux 5.8.
function mountOf(path: string): number | null {
  const fd = tryOpenAt(AT_FDCWD, cString(path), O_PATH);
  if (fd < 0) return null;
  const id = mountIdOf(fd);
  close(fd);
  return id;
}
