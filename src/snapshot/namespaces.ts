/**
 * Network namespaces: finds all of them, or the one that a person asked for, and runs work inside them.
 *
 * The kernel has no list of them. A namespace is found through a process in it, or through a mount or descriptor that keeps it
 * alive.
 *
 * @module
 */
import {
  EBADF,
  EINVAL,
  ENOENT,
  ENOTTY,
  errnoName,
  errnoText,
  failureOf,
  SyscallError,
} from "../../ffi/errno.ts";
import { close } from "../../ffi/files.ts";
import {
  inNetworkNamespace,
  NamespaceLost,
  tryNamespaceInode,
  tryOpenNamespace,
} from "../../ffi/namespace.ts";
import { effectiveUserId, tryCopyDescriptor } from "../../ffi/process.ts";
import { tryOpenSocketNamespace } from "../../ffi/socket.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Netns } from "../model/socket.ts";
import { OWN_UNREAD } from "../model/verdict.ts";
import { namespaceMounts, tryReadMountinfo } from "../proc/mountinfo.ts";
import { processNames } from "../proc/comm.ts";
import { currentNetns, netnsInode } from "../proc/ns.ts";
import type { ProcRoot } from "../proc/root.ts";
import { parseStat } from "../proc/stat.ts";
import { NoSuchNamespace } from "../query.ts";
import { plural } from "../text/plural.ts";

/** A namespace, and how to enter it. */
export interface FoundNetns {
  readonly netns: Netns;
  /** The best way in. What to open: a mount point, /proc/PID/ns/net, or /proc/PID/fd/N. */
  readonly path: string;
  /** The lowest process ID in it; `null` if no process is known. */
  readonly pid: number | null;
  /** True for the one that this program runs in. */
  readonly own: boolean;
  /** All ways in that are known, the best first; absent if `path` is the only one. */
  readonly ways?: () => Iterable<Way>;
  /** Where it was found, to name its process; absent where it was not looked for. */
  readonly root?: ProcRoot;
}

/** A path to open, or a socket of the namespace in a process: `fd` of `pid`. */
type Way = string | SocketPlace;

/** Where a socket is. */
export interface SocketPlace {
  readonly pid: number;
  readonly fd: number;
}

/** All that leads into one namespace. A mount stays, a process comes and goes. */
class Ways {
  readonly mounts: string[] = [];
  readonly pids: number[] = [];
  readonly descriptors: string[] = [];
  readonly sockets: SocketPlace[] = [];

  *all(root: string): Generator<Way> {
    yield* this.mounts;
    for (const pid of this.pids) yield `${root}/${pid}/ns/net`;
    yield* this.descriptors;
    yield* this.sockets;
  }
}

/** What kept a finder from seeing all ways. */
interface Unread {
  /** The processes that did not let us read their namespace. */
  readonly denied: number[];
  /** The processes that it could not be read of, by error. */
  readonly errors: Map<number, number[]>;
  /** The error of the list of mounts; 0 where it was read. */
  readonly mounts: number;
  /** The error of the link to our own namespace; 0 where it was read. */
  readonly own: number;
}

/** Collects namespaces. Each is listed once, with all ways that lead to it. */
export class NamespaceFinder {
  readonly root: ProcRoot;
  readonly #ways = new Map<number, Ways>();
  readonly #seen = new Set<number>();
  readonly #names = new Map<number, string>();
  readonly #mounts: readonly { readonly inode: number; readonly path: string }[];
  readonly #own: number | null;
  readonly unread: Unread;

  constructor(root: ProcRoot) {
    this.root = root;
    const mounts = tryReadMountinfo(root);
    const bound = typeof mounts === "number" ? [] : namespaceMounts(mounts);
    this.#mounts = bound;
    for (const { inode, name } of bound) {
      if (!this.#names.has(inode)) this.#names.set(inode, name);
    }
    this.#own = currentNetns(root);
    if (this.#own !== null) this.#waysTo(this.#own);
    this.unread = {
      denied: [],
      errors: new Map(),
      mounts: typeof mounts === "number" && root.isLive ? -mounts : 0,
      own: this.#own === null && root.isLive ? unreadOwn(root) : 0,
    };
  }

  #waysTo(inode: number): Ways {
    let ways = this.#ways.get(inode);
    if (ways === undefined) this.#ways.set(inode, ways = new Ways());
    return ways;
  }

  /** Adds the namespaces of these processes; of those that were added before nothing is read again. */
  addProcesses(pids: readonly number[]): void {
    for (const pid of pids) {
      if (this.#seen.has(pid)) continue;
      this.#seen.add(pid);
      const target = this.root.link(`${pid}/ns/net`);
      if (typeof target === "number") this.#note(pid, target);
      else {
        const inode = netnsInode(target);
        if (inode >= 0) this.#waysTo(inode).pids.push(pid);
      }
    }
  }

  #note(pid: number, result: number): void {
    const { unread } = this;
    const failure = failureOf(result);
    // The kernel refuses the link of a process that has ended, too. Without namespaces, no process has this link.
    if (failure === "absent" && this.#own === null || failure !== "failed" && this.#isGone(pid)) {
      return;
    }
    if (failure === "denied") unread.denied.push(pid);
    else {
      const same = unread.errors.get(-result);
      if (same === undefined) unread.errors.set(-result, [pid]);
      else same.push(pid);
    }
  }

  #isGone(pid: number): boolean {
    const bytes = this.root.read(`${pid}/stat`);
    if (typeof bytes === "number") return failureOf(bytes) === "absent";
    // A zombie is in no namespace any more.
    const state = parseStat(bytes)?.state;
    return state === "Z" || state === "X";
  }

  /** Adds the namespaces whose mounts this program can see. */
  addMounts(): void {
    for (const { inode, path } of this.#mounts) {
      const { mounts } = this.#waysTo(inode);
      if (!mounts.includes(path)) mounts.push(path);
    }
  }

  /** Adds namespaces that descriptors keep alive: the inode, and the path below /proc. */
  addDescriptors(namespaces: ReadonlyMap<number, string>): void {
    for (const [inode, path] of namespaces) {
      this.#waysTo(inode).descriptors.push(`${this.root.path}/${path}`);
    }
  }

  /** Adds namespaces that sockets keep alive: the inode, and where a socket of it is. */
  addSockets(namespaces: ReadonlyMap<number, SocketPlace>): void {
    for (const [inode, place] of namespaces) this.#waysTo(inode).sockets.push(place);
  }

  /** The namespaces found so far: our own first, then by inode. */
  list(): FoundNetns[] {
    return [...this.#ways.keys()].map((inode) => this.get(inode)!).sort((a, b) =>
      Number(b.own) - Number(a.own) || a.netns.inode - b.netns.inode
    );
  }

  /** The namespace with this inode, if it was found. */
  get(inode: number): FoundNetns | undefined {
    const ways = this.#ways.get(inode);
    if (ways === undefined) return undefined;
    const own = inode === this.#own;
    const { path } = this.root;
    const [first] = ways.all(path);
    return {
      netns: { inode, name: this.#names.get(inode) ?? null },
      path: own || first === undefined
        ? `${path}/thread-self/ns/net`
        : typeof first === "string"
        ? first
        : `${path}/${first.pid}/fd/${first.fd}`,
      pid: ways.pids[0] ?? null,
      own,
      ways: () => ways.all(path),
      root: this.root,
    };
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
    const inode = tryNamespaceInode(fd);
    if (inode === -EINVAL) throw new NoSuchNamespace(`${path} is not a network namespace`);
    if (inode < 0) throw new SyscallError(`look at the network namespace of ${what}`, -inode);
    const own = finder.get(inode)?.own ?? false;
    return { netns: { inode, name: finder.name(inode) }, path, pid, own };
  } finally {
    close(fd);
  }
}

/**
 * Calls `visit` inside a namespace, by the first way that leads in. If there was a way and none led in, records a gap and
 * returns false. A namespace that no longer exists is no gap. Throws what `visit` throws, and NamespaceLost.
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
  let refusal = 0;
  for (const way of found.ways?.() ?? [found.path]) {
    const failure = visitBy(way, found.netns.inode, visit);
    if (failure === ENTERED) return true;
    // The process may have ended, or closed the socket. That of another way would be there.
    if (failure !== GONE) refusal = failure;
  }
  if (refusal !== 0) gap(found, refusal, diagnostics);
  return false;
}

const ENTERED = 0;
/** The way leads nowhere any more, or elsewhere. */
const GONE = -1;

/** Calls `visit` inside the namespace. Returns {@linkcode ENTERED}, {@linkcode GONE}, or the errno of what prevented it. */
function visitBy(way: Way, inode: number, visit: () => void): number {
  const fd = openWay(way);
  if (fd < 0) return failureOf(fd) === "absent" ? GONE : -fd;
  let entered = false;
  try {
    // The process may have ended, and its ID may belong to another one now.
    const there = tryNamespaceInode(fd);
    if (there !== inode) return there < 0 && there !== -EINVAL ? -there : GONE;
    inNetworkNamespace(fd, () => {
      entered = true;
      visit();
    });
    return ENTERED;
  } catch (error) {
    if (entered || !(error instanceof SyscallError) || error instanceof NamespaceLost) throw error;
    // What is open is there, whatever the error says.
    return error.errno;
  } finally {
    close(fd);
  }
}

function openWay(way: Way): number {
  if (typeof way === "string") return tryOpenNamespace(way);
  const copy = tryCopyDescriptor(way.pid, way.fd);
  // The process has closed it since.
  if (copy < 0) return copy === -EBADF ? -ENOENT : copy;
  const fd = tryOpenSocketNamespace(copy);
  close(copy);
  return fd === -ENOTTY ? -ENOENT : fd;
}

function gap({ netns, pid, root }: FoundNetns, errno: number, diagnostics: Diagnostics): void {
  const name = netns.name === null ? "" : ` (${netns.name})`;
  const advice = failureOf(errno) !== "denied"
    ? ""
    : effectiveUserId() === 0
    ? "; root needs CAP_SYS_ADMIN on the host"
    : "; run as root on the host to see its sockets";
  const why = `could not be entered: ${errnoText(errno)} (${errnoName(errno)})${advice}`;
  diagnostics.gap({
    kind: "netns",
    reason: `network namespace ${netns.inode}${name} ${why}`,
    detail: { netns: netns.inode, errno: errnoName(errno) },
    many: `# network namespaces ${why}`,
    get items() {
      const [process] = pid === null || root === undefined ? [] : processNames([pid], root);
      const whose = process === undefined ? "" : ` of ${process}`;
      return [`network namespace ${netns.inode}${name}${whose}: ${errnoText(errno)}`];
    },
  });
}

/** Records a gap for each reason why there may be namespaces that `finder` does not know. */
export function reportUnread({ unread, root }: NamespaceFinder, diagnostics: Diagnostics): void {
  const { denied, errors, mounts, own } = unread;
  if (denied.length > 0) {
    diagnostics.gap({
      kind: "netns",
      reason: `the network namespace of ${
        plural(denied.length, "process", "processes")
      } could not be read; ${
        effectiveUserId() === 0 ? "protected, even from root" : "run as root to see all namespaces"
      }`,
      detail: { denied: denied.length },
      // Read only when they are told.
      get items() {
        return processNames(denied, root);
      },
    });
  }
  const failed = (
    what: string,
    errno: number,
    detail: Readonly<Record<string, number>> = {},
    pids: readonly number[] = [],
  ) =>
    diagnostics.gap({
      kind: "netns",
      reason: `${what} could not be read: ${errnoText(errno)} (${
        errnoName(errno)
      }); sockets of other network namespaces may be missing`,
      detail: { ...detail, errno: errnoName(errno) },
      get items() {
        return processNames(pids, root, `: ${errnoText(errno)} (${errnoName(errno)})`);
      },
    });
  for (const [errno, pids] of errors) {
    failed(
      `the network namespace of ${plural(pids.length, "process", "processes")}`,
      errno,
      { failed: pids.length },
      pids,
    );
  }
  if (mounts !== 0) failed("the list of mounts", mounts);
  if (own !== 0) failed("our own network namespace", own, { [OWN_UNREAD]: 1 });
}

function unreadOwn(root: ProcRoot): number {
  const link = root.link("thread-self/ns/net");
  // It can be read now, which comes too late; or the link has a form that is not known.
  return typeof link === "number" ? -link : EINVAL;
}
