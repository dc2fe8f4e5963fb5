/**
 * A replacement for libc if bun:ffi cannot call it. Files are read by the runtime's own module, and all else fails with an error.
 *
 * Calls into C need executable memory, which a W^X rule forbids (systemd's MemoryDenyWriteExecute, some SELinux policies). Reading
 * files needs none, so /proc can still be read. Each function behaves as the C function does, as far as this folder uses it: it returns
 * -1 and sets errno when it fails. Functions that have nothing to do with files fail with ENOSYS, as on a kernel that lacks them.
 *
 * @module
 */
import { native } from "./native.ts";
import { SYS } from "./arch/mod.ts";

// ffi/errno.ts cannot be imported here, because it needs libc.
const ENOENT = 2;
const EIO = 5;
const EBADF = 9;
const ENOTTY = 25;
const ENOSYS = 38;
const EOPNOTSUPP = 95;
const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const AT_SYMLINK_NOFOLLOW = 0x100;

/** Bytes, or the address of some. */
type Memory = Uint8Array | number;

// This module loads only if libc cannot be called, so that other runs do not pay the millisecond for node:fs.
const fs = process.getBuiltinModule("node:fs");

const errnoCell = new Int32Array(new ArrayBuffer(4));
const errnoAddress = native.ptr(errnoCell);

function fail(errno: number): number {
  errnoCell[0] = errno;
  return -1;
}

/** Runs a call of node:fs. Returns its result, or -1 with errno set if it throws. */
function attempt(call: () => number): number {
  try {
    return call();
  } catch (error) {
    const errno = (error as { errno?: unknown }).errno;
    return fail(typeof errno === "number" ? Math.abs(errno) : EIO);
  }
}

// Paths that are passed by address are names of directory entries, which are shorter.
const NAME_SIZE = 256;

function pathBytes(path: Memory): Uint8Array {
  const bytes = typeof path === "number"
    ? new Uint8Array(native.toArrayBuffer(path as never, 0, NAME_SIZE))
    : path;
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** A path relative to a descriptor, which node:fs does not know. It goes through the link of the descriptor in /proc. */
function resolve(dirfd: number, path: Memory): Buffer {
  const bytes = pathBytes(path);
  if (dirfd === AT_FDCWD || bytes[0] === 0x2f) return Buffer.from(bytes);
  return Buffer.concat([Buffer.from(`/proc/self/fd/${dirfd}/`), bytes]);
}

/** The entries that are left of each directory that is being read. */
const directories = new Map<number, { name: Buffer; isDirectory: boolean }[]>();

function getdents64(fd: number, buffer: Uint8Array, size: number): number {
  return attempt(() => {
    let rest = directories.get(fd);
    if (rest === undefined) {
      // readdirSync returns either names as bytes, or decoded names with types. Both are needed.
      const path = `/proc/self/fd/${fd}`;
      const folders = new Set(
        fs.readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
          entry.isDirectory() ? [entry.name] : []
        ),
      );
      rest = fs.readdirSync(path, { encoding: "buffer" })
        .map((name) => ({ name, isDirectory: folders.has(name.toString()) }));
      directories.set(fd, rest);
    }
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    let length = 0;
    while (rest.length > 0) {
      const { name, isDirectory } = rest[0]!;
      const record = (19 + name.length + 1 + 7) & ~7;
      if (length + record > size) break;
      rest.shift();
      buffer.fill(0, length, length + record);
      view.setUint16(length + 16, record, true);
      buffer[length + 18] = isDirectory ? 4 : 0;
      buffer.set(name, length + 19);
      length += record;
    }
    // After the end, the next call begins anew, as after a rewind.
    if (length === 0) directories.delete(fd);
    return length;
  });
}

function statx(dirfd: number, path: Memory, flags: number, address: number): number {
  return attempt(() => {
    const empty = pathBytes(path).length === 0;
    if (empty && (flags & AT_EMPTY_PATH) === 0) return fail(ENOENT);
    const found = empty
      ? fs.fstatSync(dirfd, { bigint: true })
      : (flags & AT_SYMLINK_NOFOLLOW) !== 0
      ? fs.lstatSync(resolve(dirfd, path), { bigint: true })
      : fs.statSync(resolve(dirfd, path), { bigint: true });
    const view = new DataView(native.toArrayBuffer(address as never, 0, 256));
    view.setUint32(16, Number(found.nlink), true);
    view.setUint32(20, Number(found.uid), true);
    view.setUint32(24, Number(found.gid), true);
    view.setUint16(28, Number(found.mode), true);
    view.setBigUint64(32, found.ino, true);
    view.setBigUint64(40, found.size, true);
    for (const [at, device] of [[128, found.rdev], [136, found.dev]] as const) {
      // makedev(3): 12 bits of major between 8 and 24 bits of minor.
      view.setUint32(at, Number((device >> 8n) & 0xfffn | (device >> 32n) & ~0xfffn), true);
      view.setUint32(at + 4, Number(device & 0xffn | (device >> 12n) & ~0xffn), true);
    }
    return 0;
  });
}

function auxiliary(type: number): number {
  const bytes = fs.readFileSync("/proc/self/auxv");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    if (Number(view.getBigUint64(at, true)) === type) {
      return Number(view.getBigUint64(at + 8, true));
    }
  }
  return 0;
}

const missing = () => fail(ENOSYS);

/** The functions of the table in ffi/libc.ts. */
export const plainLibc = {
  __errno_location: () => errnoAddress as number,
  socket: missing,
  bind: missing,
  connect: missing,
  getsockname: missing,
  getsockopt: missing,
  setsockopt: missing,
  sendmsg: missing,
  recvmmsg: missing,
  openat: (dirfd: number, path: Memory, flags: number, mode: number) =>
    attempt(() => fs.openSync(resolve(dirfd, path), flags, mode)),
  close: (fd: number) => {
    directories.delete(fd);
    return attempt(() => {
      fs.closeSync(fd);
      return 0;
    });
  },
  read: (fd: number, buffer: Uint8Array, size: number) =>
    attempt(() => fs.readSync(fd, buffer, 0, size, null)),
  pread: (fd: number, buffer: Uint8Array, size: number, offset: number) =>
    attempt(() => fs.readSync(fd, buffer, 0, size, offset)),
  write: (fd: number, bytes: Uint8Array, size: number) =>
    attempt(() => fs.writeSync(fd, bytes, 0, size)),
  readlinkat: (dirfd: number, path: Memory, buffer: Uint8Array, size: number) =>
    attempt(() => {
      const target = fs.readlinkSync(resolve(dirfd, path), { encoding: "buffer" }) as Buffer;
      const kept = target.subarray(0, size);
      buffer.set(kept);
      return kept.length;
    }),
  getxattr: () => fail(EOPNOTSUPP),
  ioctl: () => fail(ENOTTY),
  poll: () => {
    // node:fs cannot wait for a descriptor, so the caller tries again a little later.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    return 1;
  },
  getauxval: auxiliary,
  geteuid: () => process.geteuid!(),
  syscall: (
    number: number,
    first: number,
    second: Memory,
    third: number,
    _fourth: number,
    fifth: number,
  ) => {
    switch (number) {
      case SYS.getdents64:
        return second instanceof Uint8Array ? getdents64(first, second, third) : fail(EBADF);
      case SYS.statx:
        return statx(first, second, third, fifth);
      default:
        return fail(ENOSYS);
    }
  },
};
