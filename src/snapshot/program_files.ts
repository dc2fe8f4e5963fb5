/**
 * Programs of owners, compared with the files that this host has at their paths.
 *
 * The kernel tells the path of a program as its process sees it. In a mount namespace of his own, any user can put a file of
 * his at any path, so a path alone does not say which program runs.
 *
 * @module
 */
import { tellProgress } from "../text/progress.ts";
import { AT_FDCWD } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { isSameFile, tryStatAt } from "../../ffi/stat.ts";
import { Refusal } from "../files/refusal.ts";
import { UntrustedTree } from "../files/untrusted_tree.ts";
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
  // In our own mount namespace the kernel's path is ours, even if the file was removed or replaced since.
  if (its.mnt === own.mnt) return true;
  if (typeof running === "number") return null;
  // The file of a service was removed since, as an update does. Only root can have made its mount namespace.
  if (deleted && !inContainer && its.user !== null && its.user === own.user) return true;
  return there instanceof Refusal && there.why !== "absent" ? null : false;
}
