/**
 * File status by statx(2), whose structure is the same on every architecture. Before Linux 4.11, and under seccomp filters that do not
 * know statx, newfstatat(2) is used instead.
 *
 * @module
 */
import { SYS } from "./arch/mod.ts";
import { EINTR, EIO, ENOSYS, EPERM, errno, failureOf } from "./errno.ts";
import { failed } from "./failed_calls.ts";
import { libc } from "./libc.ts";
import { addressOf, allocate, cString } from "./memory.ts";

/** Source: include/uapi/linux/fcntl.h, include/uapi/linux/stat.h. */
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
/** Do not ask a network file system for fresh values. */
const AT_STATX_DONT_SYNC = 0x4000;
/** Do not mount anything at the end of the path. */
const AT_NO_AUTOMOUNT = 0x800;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const STATX_MNT_ID = 0x1000;
const STATX_SIZE = 256;

/** File types in `mode`: include/uapi/linux/stat.h. */
export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;

/** A device number. */
export interface Device {
  readonly major: number;
  readonly minor: number;
}

/** The status of a file. */
export interface FileStatus {
  /** Type and permissions. Kernel: `stx_mode`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly linkCount: number;
  /** Exact up to 2^53. The last digits of larger numbers are lost. Kernel: `stx_ino`. */
  readonly inode: number;
  /** Bytes. Kernel: `stx_size`. */
  readonly size: number;
  /** The device that the file system is on. Kernel: `stx_dev_major`, `stx_dev_minor`. */
  readonly device: Device;
  /** For a device file: the device itself. Else 0,0. Kernel: `stx_rdev_major`, `stx_rdev_minor`. */
  readonly specialDevice: Device;
  /** ID of the mount that the file was found on, as in mountinfo; `null` before Linux 5.8. Kernel: `stx_mnt_id`. */
  readonly mountId: number | null;
}

/** The structure that the kernel writes to. All calls share one, which the first call makes. */
let result: { readonly view: DataView<ArrayBuffer>; readonly address: number } | undefined;

/** True if both are the same device. */
export function isSameDevice(a: Device, b: Device): boolean {
  return a.major === b.major && a.minor === b.minor;
}

/** True if both are the same file: the same inode on the same device. */
export function isSameFile(a: FileStatus, b: FileStatus): boolean {
  return a.inode === b.inode && isSameDevice(a.device, b.device);
}

function makeResult() {
  const bytes = allocate(STATX_SIZE);
  return { view: new DataView(bytes.buffer), address: addressOf(bytes) };
}

/**
 * Status of a path relative to `dirfd`, or the negated errno. A link at the end of the path is followed unless `nofollow` is true.
 * `path`: NUL-terminated bytes, or their address.
 */
export function tryStatAt(
  dirfd: number,
  path: Uint8Array | number,
  nofollow = false,
): FileStatus | number {
  const flags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT | (nofollow ? AT_SYMLINK_NOFOLLOW : 0);
  return statx(dirfd, path, flags);
}

/** Status of an open descriptor, or the negated errno. A network file system is not asked for fresh values. */
export function tryStatFd(fd: number): FileStatus | number {
  const status = statx(fd, cString(""), AT_EMPTY_PATH | AT_STATX_DONT_SYNC);
  // What is open is there, whatever the error says.
  return typeof status === "number" && failureOf(status) === "absent"
    ? failed("statx", -EIO)
    : status;
}

/** Whether statx(2) works here; `null` until a call fails in a way that makes it doubtful. */
let usable: boolean | null = null;

function callStatx(dirfd: number, path: Uint8Array | number, flags: number, into: number): number {
  const mask = STATX_BASIC_STATS | STATX_MNT_ID;
  for (;;) {
    const status = Number(libc.syscall(SYS.statx, dirfd, path as never, flags, mask, into, 0));
    if (status >= 0) return 0;
    const error = errno();
    if (error !== EINTR) return -error;
  }
}

// EPERM may come from a seccomp filter, or from /proc with hidepid=1. The root directory tells which: it never gives EPERM itself.
function isUsable(error: number): boolean {
  if (error === -ENOSYS) return usable = false;
  return usable ??= callStatx(AT_FDCWD, cString("/"), 0, makeResult().address) !== -EPERM;
}

/** Whether statx(2) works here. Else the calls of this file make do with newfstatat(2). */
export function statxWorks(): boolean {
  const status = callStatx(AT_FDCWD, cString("/"), 0, (result ??= makeResult()).address);
  return status !== -ENOSYS && status !== -EPERM;
}

function statx(dirfd: number, path: Uint8Array | number, flags: number): FileStatus | number {
  if (usable === false) return oldStat(dirfd, path, flags);
  const { view, address } = result ??= makeResult();
  const status = callStatx(dirfd, path, flags, address);
  if (status < 0) {
    const doubtful = status === -ENOSYS || status === -EPERM;
    if (doubtful && !isUsable(status)) return oldStat(dirfd, path, flags);
    return failed("statx", status, typeof path === "number" ? undefined : path, []);
  }
  // struct statx: mask u32 0, nlink u32 16, uid u32 20, gid u32 24, mode u16 28, ino u64 32, size u64 40, rdev u32+u32 128, dev u32+u32 136, mnt_id u64 144.
  return {
    mode: view.getUint16(28, true),
    uid: view.getUint32(20, true),
    gid: view.getUint32(24, true),
    linkCount: view.getUint32(16, true),
    inode: u64(view, 32),
    size: u64(view, 40),
    device: { major: view.getUint32(136, true), minor: view.getUint32(140, true) },
    specialDevice: { major: view.getUint32(128, true), minor: view.getUint32(132, true) },
    mountId: (view.getUint32(0, true) & STATX_MNT_ID) !== 0 ? u64(view, 144) : null,
  };
}

/** struct stat: the same on both architectures up to the inode. */
const STAT = process.arch === "arm64"
  ? { mode: 16, linkCount: 20, uid: 24, gid: 28, specialDevice: 32, size: 48 }
  : { mode: 24, linkCount: 16, uid: 28, gid: 32, specialDevice: 40, size: 48 };
const STAT_SIZE = 144;

/** What {@linkcode statx} tells, by newfstatat(2). */
function oldStat(dirfd: number, path: Uint8Array | number, flags: number): FileStatus | number {
  const bytes = allocate(STAT_SIZE);
  const view = new DataView(bytes.buffer);
  const known = flags & ~AT_STATX_DONT_SYNC;
  let error: number;
  do {
    const status = Number(
      libc.syscall(SYS.newfstatat, dirfd, path as never, addressOf(bytes), known, 0, 0),
    );
    error = status < 0 ? errno() : 0;
  } while (error === EINTR);
  if (error !== 0) {
    return failed("newfstatat", -error, typeof path === "number" ? undefined : path, []);
  }
  return {
    mode: view.getUint32(STAT.mode, true),
    uid: view.getUint32(STAT.uid, true),
    gid: view.getUint32(STAT.gid, true),
    // 64 bits on x86-64, but no directory has so many.
    linkCount: view.getUint32(STAT.linkCount, true),
    inode: u64(view, 8),
    size: u64(view, STAT.size),
    device: deviceOf(u64(view, 0)),
    specialDevice: deviceOf(u64(view, STAT.specialDevice)),
    mountId: null,
  };
}

// Kernel: new_encode_dev in include/linux/kdev_t.h: minor 8 bits, major 12, minor 12 more.
function deviceOf(encoded: number): Device {
  return {
    major: encoded >>> 8 & 0xfff,
    minor: encoded & 0xff | encoded >>> 12 & 0xfff00,
  };
}

function u64(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * 0x1_0000_0000 + view.getUint32(offset, true);
}
