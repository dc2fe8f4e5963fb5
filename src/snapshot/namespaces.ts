/**
 * Network namespaces: finds all of them, or the one that a person asked for, and runs work inside them.
 *
 * The kernel has no list of them. A namespace is found through a process in it, or through a mount or descriptor that keeps it
 * alive.
 *
 * @module
 */
import { EACCES, ENOENT, EPERM, errnoName, errnoText, SyscallError } from "../../ffi/errno.ts";
import { close } from "../../ffi/files.ts";
import {
  inNetworkNamespace,
  namespaceInode,
  NamespaceLost,
  tryOpenNamespace,
} from "../../ffi/namespace.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Netns } from "../model/socket.ts";
import { namespaceMounts, readMountinfo } from "../proc/mountinfo.ts";
import { currentNetns, netnsInode } from "../proc/ns.ts";
import type { ProcRoot } from "../proc/root.ts";
import { NoSuchNamespace } from "../query.ts";

/** A namespace, and how to enter it. */
export interface FoundNetns {
  readonly netns: Netns;
  /** What to open to enter it: /proc/PID/ns/net, a mount point, or /proc/PID/fd/N. */
  readonly path: string;
  /** The lowest process ID in it; `null` if no process is known. */
  readonly pid: number | null;
  /** True for the one that this program runs in. */
  readonly own: boolean;
}

/** Collects namespaces. Each is listed once, however many ways lead to it. */
export class NamespaceFinder {
  readonly #root: ProcRoot;
  readonly #found = new Map<number, FoundNetns>();
  readonly #names = new Map<number, string>();
  readonly #mounts: readonly { readonly inode: number; readonly path: string }[];
  readonly #own: number | null;
  /** How many processes did not let us read their namespace. */
  denied = 0;

  constructor(root: ProcRoot) {
    this.#root = root;
    const mounts = namespaceMounts(readMountinfo(root));
    this.#mounts = mounts;
    for (const { inode, name } of mounts) {
      if (!this.#names.has(inode)) this.#names.set(inode, name);
    }
    this.#own = currentNetns(root);
    if (this.#own !== null) this.#add(this.#own, `${root.path}/thread-self/ns/net`, null);
  }

  #add(inode: number, path: string, pid: number | null): void {
    const known = this.#found.get(inode);
    // A namespace that was found through a mount keeps its path, but still learns its lowest process ID.
    if (known !== undefined && (known.pid !== null || pid === null)) return;
    this.#found.set(inode, {
      netns: { inode, name: this.#names.get(inode) ?? null },
      path: known?.path ?? path,
      pid,
      own: inode === this.#own,
    });
  }

  /** Adds the namespaces of these processes. */
  addProcesses(pids: readonly number[]): void {
    for (const pid of pids) {
      const target = this.#root.link(`${pid}/ns/net`);
      if (typeof target === "number") {
        if (target === -EACCES || target === -EPERM) this.denied++;
        continue;
      }
      const inode = netnsInode(target);
      if (inode >= 0) this.#add(inode, `${this.#root.path}/${pid}/ns/net`, pid);
    }
  }

  /** Adds the namespaces whose mounts this program can see. */
  addMounts(): void {
    for (const { inode, path } of this.#mounts) this.#add(inode, path, null);
  }

  /** Adds namespaces that descriptors keep alive: the inode, and the path below /proc. */
  addDescriptors(namespaces: ReadonlyMap<number, string>): void {
    for (const [inode, path] of namespaces) this.#add(inode, `${this.#root.path}/${path}`, null);
  }

  /** The namespaces found so far: our own first, then by inode. */
  list(): FoundNetns[] {
    return [...this.#found.values()].sort((a, b) =>
      Number(b.own) - Number(a.own) || a.netns.inode - b.netns.inode
    );
  }

  /** The namespace with this inode, if it was found. */
  get(inode: number): FoundNetns | undefined {
    return this.#found.get(inode);
  }

  /** The name of a mounted namespace; `null` without one. */
  name(inode: number): string | null {
    return this.#names.get(inode) ?? null;
  }

  /** The mounts with this name. */
  mountsCalled(name: string): { readonly inode: number; readonly path: string }[] {
    return this.#mounts.filter(({ path }) => path.slice(path.lastIndexOf("/") + 1) === name);
  }
}

/** The largest possible process ID. Inodes of namespaces are far larger. Kernel: PID_MAX_LIMIT. */
const PID_MAX_LIMIT = 4_194_304;

/**
 * Finds a namespace by its name, by a process in it, by a path, or by its inode. `descriptors` is called if neither a process
 * nor a mount leads to the inode. Throws {@linkcode NoSuchNamespace}, and SyscallError if a path cannot be opened.
 */
export function findNamespace(
  wanted: string,
  finder: NamespaceFinder,
  listProcesses: () => readonly number[],
  descriptors: () => ReadonlyMap<number, string>,
): FoundNetns {
  if (/^[1-9]\d*$/.test(wanted)) {
    const number = Number(wanted);
    if (number <= PID_MAX_LIMIT) {
      return byPath(`/proc/${wanted}/ns/net`, `process ${wanted}`, number, finder);
    }
    finder.addProcesses(listProcesses());
    finder.addMounts();
    if (finder.get(number) === undefined) finder.addDescriptors(descriptors());
    const found = finder.get(number);
    if (found === undefined) {
      throw new NoSuchNamespace(`No network namespace with inode ${wanted} was found`);
    }
    return found;
  }
  if (wanted.includes("/")) return byPath(wanted, wanted, null, finder);
  const mounts = finder.mountsCalled(wanted);
  const first = mounts[0];
  if (first === undefined) {
    throw new NoSuchNamespace(
      `There is no network namespace called "${wanted}": expected a name under /run/netns, a process ID, a path or an inode`,
    );
  }
  if (mounts.some(({ inode }) => inode !== first.inode)) {
    throw new NoSuchNamespace(
      `Several network namespaces are called "${wanted}": give a path: ${
        mounts.map(({ path }) => path).join(", ")
      }`,
    );
  }
  return byPath(first.path, wanted, null, finder);
}

function byPath(
  path: string,
  what: string,
  pid: number | null,
  finder: NamespaceFinder,
): FoundNetns {
  const fd = tryOpenNamespace(path);
  if (fd === -ENOENT && pid !== null) throw new NoSuchNamespace(`There is no process ${pid} here`);
  if (fd < 0) throw new SyscallError(`open the network namespace of ${what}`, -fd);
  try {
    const inode = namespaceInode(fd);
    if (inode === null) throw new NoSuchNamespace(`${path} is not a network namespace`);
    const own = finder.get(inode)?.own ?? false;
    return { netns: { inode, name: finder.name(inode) }, path, pid, own };
  } finally {
    close(fd);
  }
}

/**
 * Calls `visit` inside a namespace. If it could not be entered, records a gap and returns false. A namespace that no longer
 * exists is no gap. Throws what `visit` throws, and NamespaceLost.
 */
export function visitNamespace(
  found: FoundNetns,
  diagnostics: Diagnostics,
  visit: () => void,
): boolean {
  if (found.own) {
    visit();
    return true;
  }
  const fd = tryOpenNamespace(found.path);
  if (fd < 0) {
    if (fd === -EACCES || fd === -EPERM) gap(found, -fd, diagnostics);
    return false;
  }
  let entered = false;
  try {
    // The process may have ended, and its ID may belong to another one now.
    if (namespaceInode(fd) !== found.netns.inode) return false;
    inNetworkNamespace(fd, () => {
      entered = true;
      visit();
    });
    return true;
  } catch (error) {
    if (entered || !(error instanceof SyscallError) || error instanceof NamespaceLost) throw error;
    gap(found, error.errno, diagnostics);
    return false;
  } finally {
    close(fd);
  }
}

function gap({ netns }: FoundNetns, errno: number, diagnostics: Diagnostics): void {
  const name = netns.name === null ? "" : ` (${netns.name})`;
  diagnostics.gap({
    kind: "netns",
    reason: `network namespace ${netns.inode}${name} could not be entered: ${errnoText(errno)} (${
      errnoName(errno)
    }); run as root on the host to see its sockets`,
    detail: { netns: netns.inode, errno: errnoName(errno) },
  });
}
