/**
 * The walk over /proc/PID/fd: every socket descriptor of every process that may be looked into.
 *
 * A directory costs one getdents64, and a descriptor one readlinkat. Both use reused buffers and one open /proc, and no path or
 * target becomes a string. Since Linux 6.2 the size of a descriptor directory is the number of descriptors, so that the
 * directories of kernel threads are not even opened.
 *
 * If there are very many descriptors and a free core, a second thread does a part: see proc/two_threads.ts.
 *
 * @module
 */
import { tellProgress } from "../text/progress.ts";
import {
  EINVAL,
  EMFILE,
  ENFILE,
  ENOENT,
  errnoName,
  failureOf,
  SyscallError,
} from "../../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  DirectoryReader,
  LinkReader,
  O_DIRECTORY,
  O_RDONLY,
  tryOpenAt,
} from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { sharesFiles } from "../../ffi/process.ts";
import { tryStatAt } from "../../ffi/stat.ts";
import { DescriptorTable } from "./descriptors.ts";
import { showsOwnPids } from "./status.ts";
import { netnsInode } from "./ns.ts";
import { ProcPath } from "./path.ts";
import type { ProcRoot } from "./root.ts";
import { parseStat } from "./stat.ts";
import { plural } from "../text/plural.ts";

/** What a walk found, and what it could not see. */
export interface Scan {
  readonly descriptors: DescriptorTable;
  /** Processes seen, ascending. */
  readonly pids: readonly number[];
  /**
   * Processes some or all of whose descriptors could not be listed or followed, for lack of permission or by an error, ascending.
   * Kernel threads have no descriptors and are not among them.
   */
  readonly denied: readonly number[];
  /** The error of those in `denied` that failed for another reason than permission, by process ID. */
  readonly errors?: ReadonlyMap<number, number>;
  /**
   * Number of processes whose descriptors could not even be listed (EACCES). Kernel threads are included on kernels that do not
   * tell how many descriptors a process has.
   */
  readonly unlisted: number;
  /** Number of processes that ended during the walk. */
  readonly vanished: number;
  /** True when other users' processes are not even listed (mount option hidepid=2). */
  readonly hidden: boolean;
  /** Network namespaces that a descriptor keeps open: the inode, and the path below /proc of the first such descriptor. */
  readonly namespaces: ReadonlyMap<number, string>;
  /**
   * The network namespaces of sockets whose process is in another one, with a socket of each; absent if the walk did not tell. A
   * socket that only a thread has is left out, because it cannot be copied from there.
   */
  readonly foreign?: ReadonlyMap<number, { readonly pid: number; readonly fd: number }>;
}

/** "socket:[" */
const SOCKET_PREFIX = new Uint8Array([0x73, 0x6f, 0x63, 0x6b, 0x65, 0x74, 0x3a, 0x5b]);

/** The number in `socket:[N]`, or -1 when a link's target is something else. */
export function socketInode(target: Uint8Array, length: number): number {
  if (length < 10 || target[length - 1] !== 0x5d) return -1;
  for (let i = 0; i < 8; i++) if (target[i] !== SOCKET_PREFIX[i]) return -1;
  let inode = 0;
  for (let i = 8; i < length - 1; i++) {
    const digit = target[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    inode = inode * 10 + digit;
  }
  return inode;
}

/** What to say of processes that could not be read for another reason than permission: `2 processes could not be read (EIO)`. */
export function failedReads({ errors }: Pick<Scan, "errors">): string | null {
  if (errors === undefined || errors.size === 0) return null;
  const names = [...new Set([...errors.values()].map(errnoName))].join(", ");
  const what = plural(errors.size, "process", "processes");
  return `${what} could not be read (${names}): their sockets may be missing an owner`;
}

/** Path of a descriptor below /proc. `tid` is 0 for the main table of a process. */
export function descriptorPath(pid: number, tid: number, fd: number): string {
  return tid === 0 ? `${pid}/fd/${fd}` : `${pid}/task/${tid}/fd/${fd}`;
}

/**
 * Results of reading the descriptors of one process:
 *
 * - `read`: all were read. `empty`: it has none.
 * - `denied`: no permission to follow them. `unlisted`: no permission even to list them.
 * - `exhausted`: this process may open no more files.
 * - `failed`: another error, which left out some or all of them.
 * - `passed`: not read, and nothing is missed, since it can have no sockets.
 * - `vanished`: it ended.
 */
export const OUTCOMES = [
  "read",
  "empty",
  "denied",
  "unlisted",
  "exhausted",
  "failed",
  "passed",
  "vanished",
] as const;
/** One of {@linkcode OUTCOMES}. */
export type Outcome = typeof OUTCOMES[number];

function isIncomplete(outcome: Outcome | undefined): boolean {
  return outcome === "denied" || outcome === "unlisted" || outcome === "exhausted" ||
    outcome === "failed";
}

/**
 * How many links are read at most to find out whether threads have tables of their own, where kcmp does not tell: about 50 ms.
 * Beyond that, a thread whose table has as many descriptors as its process's is assumed to share it.
 */
const COMPARE_LIMIT = 20_000;

// After any other error (no permission, no free descriptors) there is a table that was not read.
function isGone(result: number): boolean {
  return failureOf(result) === "absent";
}

/** Walks descriptor tables into one {@linkcode DescriptorTable}. */
export class DescriptorScanner {
  readonly #root: ProcRoot;
  readonly #directory = new DirectoryReader();
  readonly #link: LinkReader;
  readonly #path = new ProcPath();
  readonly descriptors = new DescriptorTable();
  /** Network namespaces that descriptors keep open: see {@linkcode Scan}. */
  readonly namespaces = new Map<number, string>();
  /** Errors other than refusals, by process: the first of each. */
  readonly errors = new Map<number, number>();
  /** The open root, during a walk. */
  #rootFd = -1;
  /** True once the numbers of processes were read from the open root. */
  #rootRead = false;
  /** True when the size of a descriptor directory counts its descriptors; `null` before the first walk. */
  #sizesCount: boolean | null = null;
  /** True when the kernel can be asked about the process numbers that the root shows. */
  #comparable = false;
  #assumedShared = 0;
  /** The negated errno of what the last list of numbers lacks; 0 where it is whole, or where what was to be listed is gone. */
  #listError = 0;
  /** Descriptors that may still be read; below 0 once there were more. */
  #left = Infinity;

  constructor(root: ProcRoot) {
    this.#root = root;
    this.#link = new LinkReader(undefined, root.isLive);
  }

  /**
   * Number of threads that {@linkcode DescriptorScanner.scanPrivateTables} assumed to share their process's table, because kcmp
   * is refused and there were too many descriptors to compare.
   */
  get assumedShared(): number {
    return this.#assumedShared;
  }

  /** Walks the main table of these processes, or of all. Throws SyscallError when the processes cannot be listed. */
  scanProcesses(wanted?: readonly number[]): Scan {
    return this.#scanThese(wanted)!;
  }

  /**
   * As {@linkcode DescriptorScanner.scanProcesses}, but gives up before more than `limit` descriptors are read, and returns
   * `null`. This scanner has then read a part, and must not be used again.
   */
  scanWithin(limit: number): Scan | null {
    this.#left = limit;
    const scan = this.#scanThese();
    this.#left = Infinity;
    return scan;
  }

  // `null` if more descriptors than allowed were found.
  #scanThese(wanted?: readonly number[]): Scan | null {
    let pids = wanted ?? [];
    const outcomes: Outcome[] = [];
    this.#withRoot(() => {
      pids = wanted ?? this.listProcesses();
      let next = 0;
      this.scanEach(
        () => this.#left < 0 ? null : pids[next++] ?? null,
        (outcome) => void outcomes.push(outcome),
      );
    });
    if (this.#left < 0) return null;
    const scan = this.scanOf(pids, outcomes);
    // Of a few that were asked for, the first says nothing of those that are not shown.
    return wanted === undefined ? scan : { ...scan, hidden: false };
  }

  /** Walks the main table of each process that `next` returns, until it returns `null`. `done` gets the outcome of each. */
  scanEach(next: () => number | null, done: (outcome: Outcome) => void): void {
    this.#withRoot(() => {
      let count = 0;
      for (let pid = next(); pid !== null; pid = next()) {
        done(this.#scanProcess(pid));
        tellProgress(++count, "processes");
      }
    });
  }

  /** The result of a walk over `pids`. `outcomes` has the outcome of each, in the same order. */
  scanOf(pids: readonly number[], outcomes: readonly Outcome[]): Scan {
    const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
    return {
      descriptors: this.descriptors,
      pids,
      denied: pids.filter((_, i) => isIncomplete(outcomes[i])),
      errors: this.errors,
      unlisted: count("unlisted") + count("exhausted") + count("passed"),
      vanished: count("vanished"),
      hidden: this.#root.isLive && pids.length > 0 && pids[0] !== 1,
      namespaces: this.namespaces,
    };
  }

  /**
   * Walks the tables of threads that do not share their process's table. Only the `wanted` sockets are kept, or all without
   * `wanted`. Returns the processes of which some table could not be read.
   *
   * A process with one thread is recognised by the link count of its task directory. For the others the kernel is asked which
   * threads share a table (kcmp), because reading a shared table once for each thread would cost a multiple. Where kcmp is
   * refused, a table of another size is another table. One of the same size is read too, within a budget of `links` descriptors.
   */
  scanPrivateTables(
    pids: readonly number[],
    wanted: ReadonlySet<number> | null = null,
    links = COMPARE_LIMIT,
  ): number[] {
    const incomplete: number[] = [];
    // If the leader has exited, the walk has read the tables of the threads already.
    const known = new Set<number>();
    const { descriptors } = this;
    for (let row = 0; row < descriptors.length; row++) {
      if (descriptors.tid(row) !== 0) known.add(descriptors.pid(row));
    }
    this.#withRoot(() => {
      const budget = { links };
      for (const pid of pids) {
        if (known.has(pid) || !this.#mayHaveThreads(pid)) continue;
        if (isIncomplete(this.#scanThreads(pid, pid, wanted, budget))) incomplete.push(pid);
      }
    });
    return incomplete;
  }

  /** Processes other than `known` whose descriptors cannot be followed. Tries one descriptor of each, and keeps none. */
  findDenied(known: ReadonlySet<number>): number[] {
    const denied: number[] = [];
    this.#withRoot(() => {
      for (const pid of this.listProcesses()) {
        if (!known.has(pid) && this.#isDenied(pid)) denied.push(pid);
      }
    });
    return denied;
  }

  #isDenied(pid: number): boolean {
    const path = this.#path.ofProcess(pid, "fd");
    if (this.#sizesCount) {
      const status = tryStatAt(this.#rootFd, path);
      if (typeof status === "number" ? isGone(status) : status.size === 0) return false;
    }
    const fd = tryOpenAt(this.#rootFd, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
      if (isGone(fd) || !this.#canHoldSockets(pid)) return false;
      this.#noteError(pid, fd);
      return true;
    }
    try {
      this.#directory.start(fd);
      while (this.#directory.next()) {
        if (this.#directory.number < 0) continue;
        const length = this.#link.read(fd, this.#directory.nameAddress);
        if (length >= 0) return false;
        if (isGone(length)) continue;
        this.#noteError(pid, length);
        return this.#isAlive(pid);
      }
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      if (isGone(error.errno)) return false;
      this.#noteError(pid, error.errno);
      return true;
    } finally {
      close(fd);
    }
    return false;
  }

  /** Walks the table of every thread except leaders, and a shared table once for each thread, as `ss -T` does. */
  scanThreads(pids: readonly number[]): void {
    this.#withRoot(() => {
      for (const pid of pids) {
        if (!this.#mayHaveThreads(pid)) continue;
        for (const tid of this.#listNumbers(this.#rootFd, this.#path.ofProcess(pid, "task"), pid)) {
          if (tid !== pid) this.#scanTable(this.#path.ofThread(pid, tid, "fd"), pid, tid, null);
        }
      }
    });
  }

  /** True if all processes have at least `count` descriptors together; `null` where sizes do not tell (before Linux 6.2). */
  haveDescriptors(count: number): boolean | null {
    let answer: boolean | null = null;
    this.#withRoot(() => {
      if (!this.#sizesCount) return;
      let left = count;
      for (const pid of this.listProcesses()) {
        left -= this.#tableSize(this.#path.ofProcess(pid, "fd"));
        if (left <= 0) break;
      }
      answer = left <= 0;
    });
    return answer;
  }

  /** Process IDs, ascending; none where there is no /proc. Throws SyscallError when they cannot be listed. */
  listProcesses(): number[] {
    // An open directory is read from where the last reading ended.
    if (this.#rootFd < 0 || this.#rootRead) {
      return this.#listNumbers(AT_FDCWD, cString(this.#root.path));
    }
    this.#rootRead = true;
    const numbers: number[] = [];
    try {
      this.#readNumbers(this.#rootFd, numbers);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      throw new SyscallError(`list ${this.#root.path}`, error.errno);
    }
    return numbers.sort((a, b) => a - b);
  }

  #withRoot(walk: () => void): void {
    if (this.#rootFd >= 0) return walk();
    this.#rootFd = tryOpenAt(AT_FDCWD, cString(this.#root.path), O_RDONLY | O_DIRECTORY);
    if (this.#rootFd < 0) {
      if (this.#isAbsent(this.#rootFd)) return;
      throw new SyscallError(`open ${this.#root.path}`, -this.#rootFd);
    }
    this.#rootRead = false;
    try {
      if (this.#sizesCount === null) {
        // This process has the root open, so a kernel that counts descriptors tells more than 0 for it.
        const own = this.#root.isLive ? tryStatAt(this.#rootFd, cString("self/fd")) : -ENOENT;
        this.#sizesCount = typeof own !== "number" && own.size > 0;
        this.#comparable = showsOwnPids(this.#root);
      }
      walk();
    } finally {
      close(this.#rootFd);
      this.#rootFd = -1;
    }
  }

  // Without /proc there are no processes to find. Any other error must be told: it does not end as a process does.
  #isAbsent(result: number): boolean {
    return result === -ENOENT || !this.#root.isLive;
  }

  #scanProcess(pid: number): Outcome {
    const path = this.#path.ofProcess(pid, "fd");
    if (this.#sizesCount) {
      const status = tryStatAt(this.#rootFd, path);
      if (typeof status === "number") {
        if (isGone(status)) return "vanished";
      } else if (status.size === 0) {
        return this.#scanLeaderless(pid);
      } else if ((this.#left -= status.size) < 0) {
        return "passed";
      }
    }
    const outcome = this.#scanTable(path, pid, 0, null);
    if (outcome === "empty") return this.#scanLeaderless(pid);
    // A table that could be listed, or whose size is not 0, has descriptors that were missed.
    if (!isIncomplete(outcome) || outcome === "failed" || this.#sizesCount) return outcome;
    if (this.#canHoldSockets(pid)) return outcome;
    return outcome === "denied" ? "empty" : "passed";
  }

  // A leader that has exited shows an empty table while its threads still hold the real one.
  #scanLeaderless(pid: number): Outcome {
    if (!this.#mayHaveThreads(pid)) return "empty";
    return this.#scanThreads(pid, 0, null, null);
  }

  // The directory has a link for itself, one from its parent, and one from each thread.
  #mayHaveThreads(pid: number): boolean {
    if (!this.#root.isLive) return true;
    const status = tryStatAt(this.#rootFd, this.#path.ofProcess(pid, "task"));
    return typeof status === "number" ? !isGone(status) : status.linkCount !== 3;
  }

  /**
   * Reads the tables of threads that do not share the table of thread `reference`. If `reference` is 0, the first table that can
   * be read becomes the reference. Without a budget every table that may differ is read.
   */
  #scanThreads(
    pid: number,
    reference: number,
    wanted: ReadonlySet<number> | null,
    budget: { links: number } | null,
  ): Outcome {
    const tids = this.#listNumbers(this.#rootFd, this.#path.ofProcess(pid, "task"), pid);
    const unlisted = this.#listError !== 0;
    // Every process has threads, so the list could not be read or the process has ended.
    if (tids.length === 0 && !unlisted) return this.#root.isLive ? "vanished" : "empty";
    if (unlisted && failureOf(this.#listError) === "denied") return "denied";
    let result: Outcome = unlisted ? "failed" : "empty";
    let size = -1;
    for (const tid of tids) {
      if (tid === pid) continue;
      const shares = reference === 0 || !this.#comparable ? null : sharesFiles(reference, tid);
      if (shares === true) continue;
      if (shares === null && budget !== null) {
        size = size >= 0 ? size : this.#tableSize(this.#path.ofProcess(pid, "fd"));
        const own = this.#tableSize(this.#path.ofThread(pid, tid, "fd"));
        if (own === size && budget.links < own) {
          this.#assumedShared++;
          continue;
        }
        budget.links -= own;
      }
      const outcome = this.#scanTable(this.#path.ofThread(pid, tid, "fd"), pid, tid, wanted);
      // Permission is the same for all threads of a process.
      if (isIncomplete(outcome) && outcome !== "failed") {
        return outcome === "exhausted" ? outcome : "denied";
      }
      if (outcome === "failed") result = "failed";
      if (outcome === "read") {
        if (reference === 0) reference = tid;
        if (result === "empty") result = "read";
      }
    }
    return result;
  }

  /** Number of descriptors in a table; 0 where it cannot be found out. */
  #tableSize(path: Uint8Array): number {
    if (!this.#sizesCount) return this.#listNumbers(this.#rootFd, path).length;
    const status = tryStatAt(this.#rootFd, path);
    return typeof status === "number" ? 0 : status.size;
  }

  // `pid`: the process that the directory belongs to, if errors are to be recorded.
  #listNumbers(dirfd: number, path: Uint8Array, pid?: number): number[] {
    const numbers: number[] = [];
    const fd = tryOpenAt(dirfd, path, O_RDONLY | O_DIRECTORY);
    this.#listError = fd < 0 && !isGone(fd) ? fd : 0;
    if (fd < 0) {
      if (dirfd === AT_FDCWD && !this.#isAbsent(fd)) {
        throw new SyscallError(`open ${this.#root.path}`, -fd);
      }
      if (pid !== undefined) this.#noteError(pid, fd);
      return numbers;
    }
    try {
      this.#readNumbers(fd, numbers);
    } catch (error) {
      // A process may end between open and read. The list of processes cannot.
      if (!(error instanceof SyscallError)) throw error;
      if (dirfd === AT_FDCWD) throw new SyscallError(`list ${this.#root.path}`, error.errno);
      this.#listError = isGone(error.errno) ? 0 : -error.errno;
      if (pid !== undefined) this.#noteError(pid, error.errno);
    } finally {
      close(fd);
    }
    return numbers.sort((a, b) => a - b);
  }

  #readNumbers(fd: number, numbers: number[]): void {
    this.#directory.start(fd);
    while (this.#directory.next()) {
      const number = this.#directory.number;
      if (number >= 0) numbers.push(number);
    }
  }

  #scanTable(
    path: Uint8Array,
    pid: number,
    tid: number,
    wanted: ReadonlySet<number> | null,
  ): Outcome {
    const fd = tryOpenAt(this.#rootFd, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
      if (isGone(fd)) return "vanished";
      this.#noteError(pid, fd);
      if (fd === -EMFILE || fd === -ENFILE) return "exhausted";
      return failureOf(fd) === "denied" ? "unlisted" : "failed";
    }
    const directory = this.#directory;
    const link = this.#link;
    const { descriptors } = this;
    let seen = 0;
    let closed = 0;
    let failed = false;
    try {
      directory.start(fd);
      while (directory.next()) {
        const number = directory.number;
        if (number < 0) continue;
        seen++;
        if (!this.#sizesCount && --this.#left < 0) break;
        let length = link.read(fd, directory.nameAddress);
        // A copy of a /proc may have lost its links on the way.
        if (length === -EINVAL && !this.#root.isLive) {
          length = link.readPlain(fd, directory.nameAddress);
        }
        if (length < 0) {
          // The permission is one for the whole process (root needs CAP_SYS_PTRACE), so the other links would be refused too.
          // The kernel gives the same error for a process that has ended. A descriptor that was closed since is not missed.
          const failure = failureOf(length);
          if (failure === "denied") return this.#isAlive(pid) ? "denied" : "vanished";
          if (failure === "failed") {
            failed = true;
            this.#noteError(pid, length);
          } else closed++;
          continue;
        }
        const inode = socketInode(link.bytes, length);
        if (inode < 0) this.#noteNamespace(pid, tid, number, length);
        else if (wanted === null || wanted.has(inode)) descriptors.push(pid, tid, number, inode);
      }
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      // getdents64 fails with ENOENT when the process ends between open and read.
      if (isGone(error.errno)) return failed ? "failed" : "vanished";
      this.#noteError(pid, error.errno);
      return "failed";
    } finally {
      close(fd);
    }
    // That all were closed since is believed if none is there now.
    if (seen > 0 && closed === seen && this.#hasEntries(path)) {
      if (!this.errors.has(pid)) this.errors.set(pid, ENOENT);
      return "failed";
    }
    return failed ? "failed" : seen === 0 ? "empty" : "read";
  }

  #hasEntries(path: Uint8Array): boolean {
    const fd = tryOpenAt(this.#rootFd, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) return false;
    const numbers: number[] = [];
    try {
      this.#readNumbers(fd, numbers);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
    } finally {
      close(fd);
    }
    return numbers.length > 0;
  }

  #noteError(pid: number, result: number): void {
    if (failureOf(result) === "failed" && !this.errors.has(pid)) {
      this.errors.set(pid, Math.abs(result));
    }
  }

  #isAlive(pid: number): boolean {
    const status = tryStatAt(this.#rootFd, this.#path.ofProcess(pid, "task"));
    return typeof status !== "number" || !isGone(status);
  }

  // A namespace may exist only because this descriptor keeps it open.
  #noteNamespace(pid: number, tid: number, fd: number, length: number): void {
    const inode = netnsInode(this.#link.bytes, length);
    if (inode < 0 || this.namespaces.has(inode)) return;
    this.namespaces.set(inode, descriptorPath(pid, tid, fd));
  }

  // Kernel threads and zombies have no descriptors.
  #canHoldSockets(pid: number): boolean {
    const bytes = this.#root.read(`${pid}/stat`);
    if (typeof bytes === "number") return !isGone(bytes);
    const stat = parseStat(bytes);
    return stat === null || !stat.kernelThread && stat.state !== "Z";
  }
}
