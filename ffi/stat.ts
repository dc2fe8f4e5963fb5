/**
 * File status: statx(2), whose structure is the same on every architecture.
 *
 * @module
 */
import { SYS } from "./arch/mod.ts";
import { errno } from "./errno.ts";
import { libc } from "./libc.ts";
import { addressOf, allocate, cString } from "./memory.ts";

/** Source: include/uapi/linux/fcntl.h, include/uapi/linux/stat.h. */
const AT_SYMLINK_NOFOLLOW = 0x100;
/** Do not ask a network file system for fresh values, and do not mount anything on the way. */
const AT_STATX_DONT_SYNC = 0x4000;
const AT_NO_AUTOMOUNT = 0x800;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
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

/** A device number, taken apart. */
export interface Device {
  readonly major: number;
  readonly minor: number;
}

/** What statx(2) says of a file. */
export interface FileStatus {
  /** Type and permissions. Kernel: `stx_mode`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly linkCount: number;
  /** Exact up to 2^53; a file system that makes larger numbers loses the last digits. Kernel: `stx_ino`. */
  readonly inode: number;
  /** Bytes. Kernel: `stx_size`. */
  readonly size: number;
  /** The device the file is on. */
  readonly device: Device;
  /** The device the file stands for; 0,0 unless it is a device. */
  readonly specialDevice: Device;
}

/** Where the kernel writes to: one for all calls, made by the first. */
let result: { readonly view: DataView<ArrayBuffer>; readonly address: number } | undefined;

function makeResult() {
  const bytes = allocate(STATX_SIZE);
  return { view: new DataView(bytes.buffer), address: addressOf(bytes) };
}

/**
 * Status of a path relative to `dirfd`, or the negated errno. A link is followed unless `nofollow`. `path` is
 * NUL-terminated bytes, or the address of such.
 */
export function tryStatAt(
  dirfd: number,
  path: Uint8Array | number,
  nofollow = false,
): FileStatus | number {
  const flags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT | (nofollow ? AT_SYMLINK_NOFOLLOW : 0);
  return statx(dirfd, path, flags);
}

/** Status of an open descriptor, or the negated errno. */
export function tryStatFd(fd: number): FileStatus | number {
  return statx(fd, cString(""), AT_EMPTY_PATH);
}

function statx(dirfd: number, path: Uint8Array | number, flags: number): FileStatus | number {
  const { view, address } = result ??= makeResult();
  const status = Number(
    libc.syscall(SYS.statx, dirfd, path as never, flags, STATX_BASIC_STATS, address, 0),
  );
  if (status < 0) return -errno();
  // struct statx: nlink u32 16, uid u32 20, gid u32 24, mode u16 28, ino u64 32, size u64 40, rdev u32+u32 128, dev u32+u32 136.
  return {
    mode: view.getUint16(28, true),
    uid: view.getUint32(20, true),
    gid: view.getUint32(24, true),
    linkCount: view.getUint32(16, true),
    inode: u64(view, 32),
    size: u64(view, 40),
    device: { major: view.getUint32(136, true), minor: view.getUint32(140, true) },
    specialDevice: { major: view.getUint32(128, true), minor: view.getUint32(132, true) },
  };
}

function u64(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * 0x1_0000_0000 + view.getUint32(offset, true);
}
