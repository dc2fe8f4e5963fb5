/**
 * The walk over /proc/PID/fd: every socket descriptor of every process that may be looked into.
 *
 * One getdents64 pass a directory and one readlinkat a descriptor, in reused buffers; no string is made.
 *
 * @module
 */
import { EACCES, EPERM } from "../../ffi/errno.ts";
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
import { DescriptorTable } from "./descriptors.ts";
import { netnsInode } from "./namespace.ts";
import type { ProcRoot } from "./root.ts";
import { parseStat } from "./stat.ts";

/** What a walk found, and what it could not see. */
export interface Scan {
  readonly descriptors: DescriptorTable;
  /** Processes seen, ascending. */
  readonly pids: readonly number[];
  /** Processes whose descriptors we may not list or follow, ascending. Kernel threads have none and do not count. */
  readonly denied: readonly number[];
  /** How many processes would not even have their descriptors listed (EACCES), kernel threads included. */
  readonly unlisted: number;
  /** How many processes ended while we looked. */
  readonly vanished: number;
  /** True when other users' processes are not even listed (mount option hidepid=2). */
  readonly hidden: boolean;
  /** Network namespaces that a descriptor holds: inode, and the path below /proc of the first descriptor met. */
  readonly namespaces: ReadonlyMap<number, string>;
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

/** Walks descriptor tables into one {@linkcode DescriptorTable}. */
export class DescriptorScanner {
  readonly #root: ProcRoot;
  readonly #directory = new DirectoryReader();
  readonly #link = new LinkReader();
  readonly descriptors = new DescriptorTable();
  readonly #namespaces = new Map<number, string>();

  constructor(root: ProcRoot) {
    this.#root = root;
  }

  /** Walks the main table of every process. Throws SyscallError when /proc itself cannot be listed. */
  scanProcesses(): Scan {
    const pids = this.listProcesses();
    const denied: number[] = [];
    let unlisted = 0;
    let vanished = 0;
    for (const pid of pids) {
      const outcome = this.#scanTable(`${pid}/fd`, pid, 0);
      if (outcome === "unlisted") unlisted++;
      if (outcome === "denied" || outcome === "unlisted") {
        if (this.#canHoldSockets(pid)) denied.push(pid);
      } else if (outcome === "vanished") {
        vanished++;
      } else if (outcome === "empty") {
        // A leader that has exited shows an empty table while its threads still hold the real one.
        this.#scanThreads(pid, null);
      }
    }
    const hidden = this.#root.isLive && pids.length > 0 && pids[0] !== 1;
    return {
      descriptors: this.descriptors,
      pids,
      denied,
      unlisted,
      vanished,
      hidden,
      namespaces: this.#namespaces,
    };
  }

  /**
   * Walks the tables of threads that do not share their leader's, in search of sockets that no main table holds. The
   * kernel is asked which threads share (kcmp), because reading a shared table once a thread would cost a multiple.
   */
  scanPrivateTables(pids: readonly number[]): void {
    for (const pid of pids) {
      this.#scanThreads(pid, (tid) => sharesFiles(pid, tid));
    }
  }

  /** Process IDs, ascending. */
  listProcesses(): number[] {
    return this.#listNumbers("");
  }

  #listNumbers(path: string): number[] {
    const numbers: number[] = [];
    const fd = tryOpenAt(AT_FDCWD, cString(`${this.#root.path}/${path}`), O_RDONLY | O_DIRECTORY);
    if (fd < 0) return numbers;
    try {
      this.#directory.start(fd);
      while (this.#directory.next()) {
        const number = this.#directory.number;
        if (number > 0) numbers.push(number);
      }
    } finally {
      close(fd);
    }
    return numbers.sort((a, b) => a - b);
  }

  #scanThreads(pid: number, shares: ((tid: number) => boolean) | null): void {
    const tids = this.#listNumbers(`${pid}/task`);
    // Without a leader's table any thread's will do first; the others are read when they differ from it.
    let reference = 0;
    for (const tid of tids) {
      if (tid === pid) continue;
      if (shares !== null ? shares(tid) : reference !== 0 && sharesFiles(reference, tid)) continue;
      const outcome = this.#scanTable(`${pid}/task/${tid}/fd`, pid, tid);
      if (outcome === "read" && reference === 0) reference = tid;
    }
  }

  #scanTable(
    path: string,
    pid: number,
    tid: number,
  ): "read" | "empty" | "denied" | "unlisted" | "vanished" {
    const fd = tryOpenAt(AT_FDCWD, cString(`${this.#root.path}/${path}`), O_RDONLY | O_DIRECTORY);
    if (fd < 0) return fd === -EACCES || fd === -EPERM ? "unlisted" : "vanished";
    const directory = this.#directory;
    const link = this.#link;
    const { descriptors } = this;
    let seen = 0;
    let refused = false;
    try {
      directory.start(fd);
      while (directory.next()) {
        const number = directory.number;
        if (number < 0) continue;
        seen++;
        const length = link.read(fd, directory.nameAddress);
        if (length < 0) {
          // A descriptor closed since is nothing to report; a refusal is (root without CAP_SYS_PTRACE).
          if (length === -EACCES || length === -EPERM) refused = true;
          continue;
        }
        const inode = socketInode(link.bytes, length);
        if (inode >= 0) descriptors.push(pid, tid, number, inode);
        else this.#noteNamespace(path, number, length);
      }
    } catch {
      // getdents64 fails with ENOENT when the process ends between open and read.
      return "vanished";
    } finally {
      close(fd);
    }
    if (refused) return "denied";
    return seen === 0 ? "empty" : "read";
  }

  // A descriptor may be all that keeps a namespace alive.
  #noteNamespace(path: string, fd: number, length: number): void {
    const inode = netnsInode(this.#link.bytes, length);
    if (inode >= 0 && !this.#namespaces.has(inode)) this.#namespaces.set(inode, `${path}/${fd}`);
  }

  // Kernel threads and zombies have no descriptors, so being kept out of them hides nothing.
  #canHoldSockets(pid: number): boolean {
    const bytes = this.#root.read(`${pid}/stat`);
    if (typeof bytes === "number") return true;
    const stat = parseStat(bytes);
    return stat === null || !stat.kernelThread && stat.state !== "Z";
  }
}
