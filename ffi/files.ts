/**
 * Files and directories, read into reused buffers by openat, getdents64, readlinkat and read.
 *
 * The runtime's own file module is not used, because loading it costs a millisecond and it makes a string of every name.
 *
 * @module
 */
import { addressOf, allocate, cString } from "./memory.ts";
import { SYS } from "./arch/mod.ts";
import { EAGAIN, EINTR, EINVAL, EIO, ENOENT, ENOTDIR, errno, SyscallError } from "./errno.ts";
import { failed } from "./failed_calls.ts";
import { compileEagerly } from "./jit.ts";
import { libc } from "./libc.ts";
import { POLLIN, waitFor } from "./poll.ts";

export { O_DIRECT, O_DIRECTORY, O_LARGEFILE, O_NOFOLLOW } from "./arch/mod.ts";

/** Source: include/uapi/linux/fcntl.h, include/uapi/asm-generic/fcntl.h. */
export const AT_FDCWD = -100;
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_NOCTTY = 0o400;
export const O_NONBLOCK = 0o4000;
export const O_NOATIME = 0o1000000;
/** The descriptor names the file but does not open it. So no driver is called, a FIFO does not block, and no lease is broken. */
export const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

/** How openat2(2) walks a path. Source: include/uapi/linux/openat2.h. */
export const RESOLVE_NO_MAGICLINKS = 0x02;
export const RESOLVE_IN_ROOT = 0x10;
/** Use only what the kernel has cached, and no file system that may never answer; else EAGAIN. Since Linux 5.12. */
export const RESOLVE_CACHED = 0x20;

/**
 * Opens a path relative to `dirfd`, close-on-exec. Returns the descriptor, or the negated errno.
 *
 * ```ts
 * const fd = tryOpenAt(AT_FDCWD, cString("/proc/1/fd"), O_RDONLY | O_DIRECTORY);
 * if (fd < 0) failureOf(fd); // "denied" without permission
 * ```
 */
export function tryOpenAt(dirfd: number, path: Uint8Array, flags: number, mode = 0): number {
  for (;;) {
    const fd = libc.openat(dirfd, path, flags | O_CLOEXEC, mode);
    if (fd >= 0) return fd;
    const error = errno();
    if (error !== EINTR) return failed("open", -error, path, []);
  }
}

/** struct open_how: flags, mode, resolve; u64 each. */
let how: { readonly view: DataView<ArrayBuffer>; readonly address: number } | undefined;

function makeHow() {
  const bytes = allocate(24);
  return { view: new DataView(bytes.buffer), address: addressOf(bytes) };
}

/**
 * As {@linkcode tryOpenAt}, by openat2(2). `resolve` is made of RESOLVE_* and says how the path is walked. ENOSYS before Linux 5.6,
 * EPERM under a seccomp filter that does not know openat2, EINVAL for a `resolve` that this kernel does not have.
 */
export function tryOpenResolved(
  dirfd: number,
  path: Uint8Array,
  flags: number,
  resolve: number,
): number {
  const { view, address } = how ??= makeHow();
  view.setUint32(0, flags | O_CLOEXEC, true);
  view.setUint32(16, resolve, true);
  for (;;) {
    const fd = Number(libc.syscall(SYS.openat2, dirfd, path as never, address, 24, 0, 0));
    if (fd >= 0) return fd;
    const error = errno();
    if (error !== EINTR) return failed("openat2", -error, path);
  }
}

/** Opens a path. Throws {@linkcode SyscallError}. */
export function open(path: string, flags: number, mode = 0): number {
  const fd = tryOpenAt(AT_FDCWD, cString(path), flags, mode);
  if (fd < 0) throw new SyscallError(`open ${path}`, -fd);
  return fd;
}

/** Closes a descriptor. Errors are ignored. */
export function close(fd: number): void {
  libc.close(fd);
}

/** Reads up to `buffer.length` bytes. Returns their number, 0 at the end, or the negated errno. */
export function tryRead(fd: number, buffer: Uint8Array): number {
  for (;;) {
    const count = Number(libc.read(fd, buffer, buffer.length));
    if (count >= 0) return count;
    const error = errno();
    if (error !== EINTR) return failed("read", -error, undefined, [EAGAIN]);
  }
}

/** Writes as much as it can. Returns the number of bytes, which may be less than all, or the negated errno. */
export function tryWrite(fd: number, bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const count = Number(libc.write(fd, bytes, bytes.length));
  return count >= 0 ? count : -errno();
}

/** Reads the target of a symbolic link named by a NUL-terminated path. Returns its length, or the negated errno. */
function tryReadLinkAt(dirfd: number, path: Uint8Array, buffer: Uint8Array): number {
  for (;;) {
    const length = Number(libc.readlinkat(dirfd, path, buffer, buffer.length));
    if (length >= 0) return length;
    const error = errno();
    // EINVAL: it is no link.
    if (error !== EINTR) return failed("readlink", -error, path, [EINVAL]);
  }
}

// Files of /proc have no size, so they are read to their end into a buffer that doubles.
let scratch: Uint8Array<ArrayBuffer> | undefined;

/**
 * A copy of a whole file, by its path relative to `dirfd`, or the negated errno. At most `limit` bytes are returned, because the
 * content of some files in /proc is chosen by other users.
 */
export function tryReadFileAt(
  dirfd: number,
  path: Uint8Array,
  limit = Number.MAX_SAFE_INTEGER,
): Uint8Array<ArrayBuffer> | number {
  const fd = tryOpenAt(dirfd, path, O_RDONLY);
  if (fd < 0) return fd;
  try {
    const bytes = tryReadAll(fd, limit);
    // What was opened is there, whatever the error says. (ESRCH: the process that it tells of has ended.)
    return bytes === -ENOENT || bytes === -ENOTDIR ? failed("read", -EIO, path, []) : bytes;
  } finally {
    close(fd);
  }
}

/** Bytes of one read(2). Files of /proc/sys fail with ENOMEM from 4 MB on, because the kernel allocates as much. */
const READ_SIZE = 1024 * 1024;

/** A copy of everything that can still be read from a descriptor, at most `limit` bytes; or the negated errno. */
export function tryReadAll(
  fd: number,
  limit = Number.MAX_SAFE_INTEGER,
): Uint8Array<ArrayBuffer> | number {
  scratch ??= allocate(64 * 1024);
  let length = 0;
  for (;;) {
    const count = tryRead(fd, scratch.subarray(length, length + READ_SIZE));
    if (count === -EAGAIN) {
      // Another process made the pipe non-blocking, such as the standard input that ssh gives.
      waitFor(fd, POLLIN);
      continue;
    }
    if (count < 0) return count;
    if (count === 0) break;
    length += count;
    if (length >= limit) break;
    if (length === scratch.length) {
      compileEagerly();
      const larger = allocate(scratch.length * 2);
      larger.set(scratch);
      scratch = larger;
    }
  }
  return scratch.slice(0, Math.min(length, limit));
}

/** The whole of a file by its path. Throws {@linkcode SyscallError}. */
export function readFile(path: string, limit?: number): Uint8Array<ArrayBuffer> {
  const bytes = tryReadFileAt(AT_FDCWD, cString(path), limit);
  if (typeof bytes === "number") throw new SyscallError(`read ${path}`, -bytes);
  return bytes;
}

// One for all: most targets are short.
let target: Uint8Array<ArrayBuffer> | undefined;

/** The target of a symbolic link as bytes, or the negated errno. A target of 4 KiB or more is cut. */
export function tryReadLink(dirfd: number, path: Uint8Array): Uint8Array<ArrayBuffer> | number {
  target ??= allocate(4096);
  const length = tryReadLinkAt(dirfd, path, target);
  return length < 0 ? length : target.slice(0, length);
}

/** Source: include/linux/fs_types.h. */
const DT_UNKNOWN = 0;
const DT_DIR = 4;
const DT_SOCK = 12;

/** Bytes of some thousands of entries. A longer walk is worth compiling for. */
const MANY_ENTRIES = 128 * 1024;

/**
 * The entries of an open directory, read by getdents64(2) into one buffer. Names stay in the buffer: `nameAddress` can be passed to
 * another system call until the next {@linkcode DirectoryReader.next}.
 *
 * struct linux_dirent64 (include/linux/dirent.h): ino u64 0, off s64 8, reclen u16 16, type u8 18, name 19.
 */
export class DirectoryReader {
  readonly #buffer: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #address: number;
  #fd = -1;
  #length = 0;
  #position = 0;
  #entry = 0;
  /** Bytes of all directories so far. */
  #total = 0;

  constructor(bufferSize = 32 * 1024) {
    this.#buffer = allocate(bufferSize);
    this.#view = new DataView(this.#buffer.buffer);
    this.#address = addressOf(this.#buffer);
  }

  /** Begins to read another directory. The caller closes its descriptor. */
  start(fd: number): void {
    this.#fd = fd;
    this.#length = 0;
    this.#position = 0;
  }

  /** Moves to the next entry. Returns false at the end. Throws {@linkcode SyscallError}. */
  next(): boolean {
    if (this.#position >= this.#length) {
      const length = this.#read();
      this.#length = length;
      this.#total += length;
      if (this.#total > MANY_ENTRIES) compileEagerly();
      this.#position = 0;
      if (length === 0) return false;
    }
    this.#entry = this.#position;
    this.#position += this.#view.getUint16(this.#entry + 16, true);
    return true;
  }

  #read(): number {
    for (;;) {
      const length = Number(
        libc.syscall(SYS.getdents64, this.#fd, this.#buffer, this.#buffer.length, 0, 0, 0),
      );
      if (length >= 0) return length;
      const error = errno();
      if (error === EINTR) continue;
      throw new SyscallError("getdents64", -failed("getdents64", -error, undefined, []));
    }
  }

  /** Address of the NUL-terminated name of the current entry. */
  get nameAddress(): number {
    return this.#address + this.#entry + 19;
  }

  /** True when the file system says that the current entry is a directory. False if it does not tell. */
  get isDirectory(): boolean {
    return this.#buffer[this.#entry + 18] === DT_DIR;
  }

  /** True when the current entry is a socket, or the file system does not tell its type. */
  get maybeSocket(): boolean {
    const type = this.#buffer[this.#entry + 18];
    return type === DT_SOCK || type === DT_UNKNOWN;
  }

  /** The name as a non-negative integer, such as a process ID or a descriptor; -1 for any other name. */
  get number(): number {
    let value = 0;
    let at = this.#entry + 19;
    for (;;) {
      const byte = this.#buffer[at++]!;
      if (byte === 0) return at === this.#entry + 20 ? -1 : value;
      if (byte < 0x30 || byte > 0x39 || value > 0xffff_ffff) return -1;
      value = value * 10 + byte - 0x30;
    }
  }

  /** A copy of the name's bytes, without the NUL. */
  get name(): Uint8Array<ArrayBuffer> {
    const start = this.#entry + 19;
    return this.#buffer.slice(start, this.#buffer.indexOf(0, start));
  }
}

/**
 * Reads links into one reused buffer, by the address of their names, which {@linkcode DirectoryReader} returns. This is the inner
 * loop of the walk over descriptors.
 */
export class LinkReader {
  readonly bytes: Uint8Array<ArrayBuffer>;

  readonly #areLinks: boolean;

  /** `areLinks`: false where some names may be of plain files, see {@linkcode LinkReader.readPlain}. */
  constructor(size = 64, areLinks = true) {
    this.bytes = allocate(size);
    this.#areLinks = areLinks;
  }

  /** Returns the length of the target (at most the buffer's size), or the negated errno. */
  read(dirfd: number, nameAddress: number): number {
    for (;;) {
      const length = Number(
        libc.readlinkat(dirfd, nameAddress as never, this.bytes, this.bytes.length),
      );
      if (length >= 0) return length;
      const error = errno();
      if (error === EINTR) continue;
      return failed("readlink", -error, undefined, this.#areLinks ? [] : [EINVAL]);
    }
  }

  /**
   * The same for a regular file that contains the target of a link. Tools that cannot make links leave such files, for instance git
   * with core.symlinks=false.
   */
  readPlain(dirfd: number, nameAddress: number): number {
    const fd = libc.openat(dirfd, nameAddress as never, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return -errno();
    const length = tryRead(fd, this.bytes);
    close(fd);
    return length;
  }
}

// include/uapi/asm-generic/fcntl.h
const F_GETFD = 1;
const FD_CLOEXEC = 1;

/**
 * True if a descriptor was closed when this program was started. The runtime opens /dev/null in place of a closed standard stream,
 * and marks it close-on-exec. An inherited descriptor never has that mark.
 */
export function wasClosedAtStart(fd: number): boolean {
  const flags = Number(libc.syscall(SYS.fcntl, fd, F_GETFD as never, 0, 0, 0, 0));
  return flags < 0 || (flags & FD_CLOEXEC) !== 0;
}
