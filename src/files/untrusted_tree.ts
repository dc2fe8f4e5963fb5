/**
 * UntrustedTree: the only way in which files that other users, processes or containers may have placed are read.
 *
 * Instead of the expected file there may be a link to /proc/kmsg, a pipe, a device, a terabyte of zeros, or a mount of FUSE that never
 * answers. So the walk along a path does not leave the tree, and asks no file system that may not answer. The end of the path is
 * examined through an O_PATH descriptor, which opens nothing. Only if it is a regular file of a plausible size, that same file is
 * opened.
 *
 * No lookup waits. First the kernel is asked only for what it has in memory (RESOLVE_CACHED, Linux 5.12). If that fails, and on older
 * kernels, the path is walked part by part. The file system of each part is checked before it is asked for the next part.
 *
 * @module
 */
import {
  EAGAIN,
  EINVAL,
  ELOOP,
  ENOENT,
  ENOSYS,
  ENOTDIR,
  EPERM,
  ESRCH,
  SyscallError,
} from "../../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  DirectoryReader,
  O_DIRECTORY,
  O_NOATIME,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  RESOLVE_CACHED,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  tryOpenAt,
  tryOpenResolved,
  tryReadAll,
  tryReadFileAt,
  tryReadLink,
} from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { type FileStatus, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, tryStatFd } from "../../ffi/stat.ts";
import { latin1Bytes, latin1Text, utf8Bytes } from "../text/encoding.ts";
import { MountTable, ownRootMount, seesOurFiles } from "./mount_table.ts";
import { Refusal } from "./refusal.ts";

/** Number of links that are followed, as in the kernel. */
const MAX_LINKS = 40;
/** PATH_MAX, and what may be left of it when links are followed. */
const MAX_PATH = 64 * 1024;

/** Conditions that a file must meet before it is opened. */
export interface Expected {
  /** Bytes: a larger file is refused, whatever is in it. */
  readonly limit: number;
  /** User IDs that it may belong to; absent for any. */
  readonly owners?: readonly number[];
}

/** Something that was found: an O_PATH descriptor, to be closed. */
interface Found {
  readonly fd: number;
  readonly status: FileStatus;
}

/** A tree of files. Close it after use. */
export class UntrustedTree {
  readonly #base: Found;
  readonly #mounts: readonly MountTable[];
  readonly #byParts: boolean;

  private constructor(base: Found, mounts: readonly MountTable[], byParts: boolean) {
    this.#base = base;
    this.#mounts = mounts;
    this.#byParts = byParts;
  }

  /**
   * Opens a tree: `""` is all that we see, `/proc/PID/root` and `/proc/PID/cwd` what a process sees, and any other path is one
   * that the user of this program gave. Paths in it never lead out of it, and an absolute link begins at its top.
   *
   * @param byParts Walks each path part by part, as if the kernel could not.
   */
  static open(prefix: string, byParts = false): UntrustedTree | Refusal {
    const process = /^\/proc\/(\d+)\/(root|cwd)$/.exec(prefix);
    const mounts = [MountTable.own()];
    if (process !== null) {
      const pid = Number(process[1]);
      if (!seesOurFiles(pid)) mounts.push(MountTable.of(pid));
      const start = tryReadLink(AT_FDCWD, cString(prefix));
      if (typeof start === "number") return ofProcess(-start);
      if (mounts.at(-1)!.mayWaitAt(process[2] === "root" ? "/" : latin1Text(start))) {
        return Refusal.slow(null);
      }
    }
    const fd = tryOpenAt(AT_FDCWD, cString(prefix === "" ? "/" : prefix), O_PATH | O_DIRECTORY);
    if (fd < 0) {
      if (process !== null) return ofProcess(-fd);
      const refusal = Refusal.of(-fd);
      // Our own root is always there.
      return prefix === "" && refusal.why === "absent"
        ? new Refusal("failed", refusal.text, -fd)
        : refusal;
    }
    const base = found(fd);
    return base instanceof Refusal ? base : new UntrustedTree(base, mounts, byParts);
  }

  close(): void {
    close(this.#base.fd);
  }

  /** What is at a path. A link at its end is followed unless `nofollow`. */
  stat(path: string | Uint8Array, nofollow = false): FileStatus | Refusal {
    const found = this.#find(path, nofollow);
    if (found instanceof Refusal) return found;
    close(found.fd);
    return found.status;
  }

  /** The whole of a regular file. */
  read(path: string | Uint8Array, expected: Expected): Uint8Array<ArrayBuffer> | Refusal {
    const file = this.openFile(path, expected);
    if (file instanceof Refusal) return file;
    try {
      return readOpen(file.fd, expected.limit);
    } finally {
      close(file.fd);
    }
  }

  /** Opens a regular file for reading. The caller closes the descriptor. */
  openFile(path: string | Uint8Array, expected: Expected): Found | Refusal {
    const found = this.#find(path, false);
    return found instanceof Refusal ? found : this.#reopen(found, expected);
  }

  /**
   * Names in a directory as bytes, in no order, `limit` at most, and whether these are all. `use` gets each, with a function
   * that reads the regular file of that name, and ends the walk by returning true.
   */
  list(
    path: string,
    limit: number,
    use: (
      name: Uint8Array,
      read: (expected: Expected) => Uint8Array | Refusal,
      maybeSocket: boolean,
    ) => boolean | void,
  ): "all" | "ended" | "limit" | Refusal {
    const found = this.#find(path, false);
    if (found instanceof Refusal) return found;
    const { fd, status } = found;
    let directory = -1;
    try {
      const unfit = (status.mode & S_IFMT) === S_IFDIR ? this.#unfit(found) : Refusal.of(ENOTDIR);
      if (unfit !== null) return unfit;
      directory = tryOpenAt(fd, cString("."), O_RDONLY | O_DIRECTORY | O_NONBLOCK);
      if (directory < 0) return Refusal.of(-directory);
      const reader = new DirectoryReader();
      reader.start(directory);
      for (let count = 0; reader.next();) {
        const { name } = reader;
        if (name[0] === 0x2e && (name.length === 1 || name.length === 2 && name[1] === 0x2e)) {
          continue;
        }
        if (count++ === limit) return "limit";
        const read = (expected: Expected) => this.#readIn(found, name, expected);
        if (use(name, read, reader.maybeSocket) === true) return "ended";
      }
      return "all";
    } catch (error) {
      if (error instanceof SyscallError) return Refusal.of(error.errno);
      throw error;
    } finally {
      close(fd);
      if (directory >= 0) close(directory);
    }
  }

  #readIn(folder: Found, name: Uint8Array, expected: Expected): Uint8Array | Refusal {
    const found = this.#step(folder, name);
    if (found instanceof Refusal) return found;
    if ((found.status.mode & S_IFMT) === S_IFLNK) {
      close(found.fd);
      return new Refusal("unfit", "is a symbolic link");
    }
    const file = this.#reopen(found, expected);
    if (file instanceof Refusal) return file;
    try {
      return readOpen(file.fd, expected.limit);
    } finally {
      close(file.fd);
    }
  }

  // Takes over the descriptor.
  #reopen(found: Found, { limit, owners }: Expected): Found | Refusal {
    const { fd, status } = found;
    try {
      if ((status.mode & S_IFMT) !== S_IFREG) return new Refusal("unfit", "is not a regular file");
      const unfit = this.#unfit(found);
      if (unfit !== null) return unfit;
      if (owners !== undefined && !owners.includes(status.uid)) {
        return new Refusal("unfit", `belongs to another user (${status.uid})`);
      }
      if (status.size > limit) return new Refusal("large", `is larger than ${limit} bytes`);
      // Opens the same file, even if the path leads to another by now. With O_NONBLOCK a lease of another process is an error. Without,
      // the kernel would wait up to 45 s for it.
      const link = cString(`/proc/self/fd/${fd}`);
      const flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
      let opened = tryOpenAt(AT_FDCWD, link, flags | O_NOATIME);
      // Only the owner of a file may read it without changing its access time.
      if (opened === -EPERM) opened = tryOpenAt(AT_FDCWD, link, flags);
      return opened < 0 ? Refusal.of(-opened) : { fd: opened, status };
    } finally {
      close(fd);
    }
  }

  // What is found without waiting, on whatever file system.
  #find(path: string | Uint8Array, nofollow: boolean): Found | Refusal {
    const bytes = typeof path === "string" ? utf8Bytes(path) : path;
    // No path has a NUL; the kernel would not look further.
    if (bytes.includes(0)) return Refusal.of(ENOENT);
    if (this.#byParts) return this.#walk(bytes, nofollow);
    const fd = tryOpenResolved(
      this.#base.fd,
      cString(bytes.length === 0 ? "." : bytes),
      O_PATH | (nofollow ? O_NOFOLLOW : 0),
      RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED,
    );
    if (fd >= 0) return found(fd);
    switch (-fd) {
      // Not in memory; a kernel before 5.12, before 5.6, or a filter that knows no openat2.
      case EAGAIN:
      case EINVAL:
      case ENOSYS:
      case EPERM:
        return this.#walk(bytes, nofollow);
      default:
        return Refusal.of(-fd);
    }
  }

  #walk(path: Uint8Array, nofollow: boolean): Found | Refusal {
    // The folders from the top down, so that ".." leads back but never above the top.
    const above: Found[] = [];
    let at = this.#base;
    const ascend = () => {
      if (at === this.#base) return;
      close(at.fd);
      at = above.pop()!;
    };
    try {
      let parts = latin1Text(path).split("/");
      for (let links = 0; parts.length > 0;) {
        const part = parts.shift()!;
        if (part === "" || part === ".") continue;
        if (part === "..") {
          ascend();
          continue;
        }
        const next = this.#step(at, latin1Bytes(part));
        if (next instanceof Refusal) return next;
        const isLast = parts.every((rest) => rest === "");
        if ((next.status.mode & S_IFMT) === S_IFLNK) {
          if (isLast && nofollow) return next;
          close(next.fd);
          const target = tryReadLink(at.fd, cString(latin1Bytes(part)));
          if (typeof target === "number") return Refusal.of(-target);
          if (++links > MAX_LINKS || target.length > MAX_PATH) return Refusal.of(ELOOP);
          if (target[0] === 0x2f) { while (at !== this.#base) ascend(); }
          parts = [...latin1Text(target).split("/"), ...parts];
          continue;
        }
        if (isLast && parts.length === 0) return next;
        if ((next.status.mode & S_IFMT) !== S_IFDIR) {
          close(next.fd);
          return Refusal.of(ENOTDIR);
        }
        above.push(at);
        at = next;
      }
      const copy = tryOpenAt(at.fd, cString("."), O_PATH);
      return copy < 0 ? Refusal.of(-copy) : { fd: copy, status: at.status };
    } finally {
      while (at !== this.#base) ascend();
    }
  }

  // One part of a path. Only the file system of `folder` is asked: a mount on it is entered, and its top is known without it.
  #step(folder: Found, name: Uint8Array): Found | Refusal {
    const unfit = this.#unfit(folder);
    if (unfit !== null) return unfit;
    const fd = tryOpenAt(folder.fd, cString(name), O_PATH | O_NOFOLLOW);
    return fd < 0 ? Refusal.of(-fd) : found(fd);
  }

  /** Why something may not be read or searched: its file system does not answer at once, or has no files. */
  #unfit({ status }: Found): Refusal | null {
    const id = status.mountId;
    if (id === null) return Refusal.slow(null);
    if (id === ownRootMount()) return null;
    for (const table of this.#mounts) {
      const known = table.find(id);
      if (known === null) continue;
      if (known.prompt === "prompt") return null;
      if (known.prompt === "pseudo") {
        return new Refusal("unfit", `is on ${known.type}, which has no files`);
      }
      return Refusal.slow(known.type);
    }
    return Refusal.slow(null);
  }
}

function found(fd: number): Found | Refusal {
  const status = tryStatFd(fd);
  if (typeof status !== "number") {
    return { fd, status: status.mountId === null ? { ...status, mountId: mountIdOf(fd) } : status };
  }
  close(fd);
  return Refusal.of(-status);
}

/** ID of the mount that an open file was found on, for kernels before Linux 5.8; `null` if that is not told. */
export function mountIdOf(fd: number): number | null {
  const info = tryReadFileAt(AT_FDCWD, cString(`/proc/thread-self/fdinfo/${fd}`));
  const match = typeof info === "number" ? null : /^mnt_id:\s*(\d+)$/m.exec(latin1Text(info));
  return match === null ? null : Number(match[1]);
}

function readOpen(fd: number, limit: number): Uint8Array<ArrayBuffer> | Refusal {
  const bytes = tryReadAll(fd, limit + 1);
  if (typeof bytes === "number") return Refusal.of(-bytes);
  // It has grown since.
  return bytes.length > limit ? new Refusal("large", `is larger than ${limit} bytes`) : bytes;
}

// The link of a process that has ended is not there: that says nothing about the file.
function ofProcess(errno: number): Refusal {
  return errno === ENOENT || errno === ESRCH
    ? new Refusal("failed", "belongs to a process that has ended")
    : Refusal.of(errno);
}

/** What is at a path below `prefix`: see {@linkcode UntrustedTree.open} and {@linkcode UntrustedTree.stat}. */
export function statBelow(
  prefix: string,
  path: string | Uint8Array,
  nofollow = false,
): FileStatus | Refusal {
  const tree = UntrustedTree.open(prefix);
  if (tree instanceof Refusal) return tree;
  try {
    return tree.stat(path, nofollow);
  } finally {
    tree.close();
  }
}
