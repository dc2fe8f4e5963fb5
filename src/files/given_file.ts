/**
 * Files that the command line names. They are read and written as asked, unless another user has put something else in their place.
 *
 * A user may name a pipe of their own (`<(...)`, standard input) and wait for it. Other users may have left a pipe without a writer, a
 * link to /proc/kmsg, or a terabyte of data in a folder of snapshots.
 *
 * @module
 */
import { EISDIR, ENOENT } from "../../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  O_CREAT,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  tryOpenAt,
  tryReadAll,
} from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import {
  type FileStatus,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  tryStatAt,
  tryStatFd,
} from "../../ffi/stat.ts";
import { MountTable } from "./mount_table.ts";
import { Refusal } from "./refusal.ts";

/** How much is read from a device such as /dev/null or a terminal, because /dev/zero has no end. */
const DEVICE_LIMIT = 1024 * 1024;

/**
 * Devices that answer, and to which an open(2) does nothing: null, zero, full, random and urandom, and the terminal of this process.
 * Others wait, take what somebody else types, or start a watchdog. Source: Documentation/admin-guide/devices.txt.
 */
const HARMLESS: readonly (readonly [major: number, minor: number])[] = [
  [1, 3],
  [1, 5],
  [1, 7],
  [1, 8],
  [1, 9],
  [5, 0],
];

/** What the shell or whoever started us has opened: `/dev/stdin`, `/dev/fd/63`. */
const OPENED = /^\/(dev|proc\/(self|thread-self|\d+))\/(fd\/\d+|stdin)$/;

/** The whole of a file of at most `limit` bytes. */
export function readGiven(path: string, limit: number): Uint8Array<ArrayBuffer> | Refusal {
  if (path.includes("\0")) return Refusal.of(ENOENT);
  const found = tryOpenAt(AT_FDCWD, cString(path), O_PATH);
  if (found < 0) return Refusal.of(-found);
  let fd = -1;
  try {
    const status = tryStatFd(found);
    if (typeof status === "number") return Refusal.of(-status);
    const type = status.mode & S_IFMT;
    const most = type === S_IFCHR ? Math.min(limit, DEVICE_LIMIT) : limit;
    const unfit = whyUnfit(path, status, most);
    if (unfit !== null) return unfit;
    const flags = O_RDONLY | O_NOCTTY | (type === S_IFREG ? O_NONBLOCK : 0);
    fd = tryOpenAt(AT_FDCWD, cString(`/proc/self/fd/${found}`), flags);
    // Without /proc.
    if (fd === -ENOENT) fd = tryOpenAt(AT_FDCWD, cString(path), flags | O_NONBLOCK);
    if (fd < 0) return Refusal.of(-fd);
    // One byte more than the limit tells a file that fits from one that is too large.
    const bytes = tryReadAll(fd, most + 1);
    if (typeof bytes === "number") return Refusal.of(-bytes);
    return bytes.length > most ? tooLarge(most) : bytes;
  } finally {
    close(found);
    if (fd >= 0) close(fd);
  }
}

function whyUnfit(
  path: string,
  { mode, size, mountId, specialDevice: { major, minor } }: FileStatus,
  limit: number,
): Refusal | null {
  switch (mode & S_IFMT) {
    case S_IFREG: {
      const known = mountId === null ? null : MountTable.own().find(mountId);
      if (known?.prompt === "pseudo") {
        return new Refusal("unfit", `is on ${known.type}, which has no files`);
      }
      return size > limit ? tooLarge(limit) : null;
    }
    case S_IFCHR:
      return HARMLESS.some((known) => known[0] === major && known[1] === minor) ||
          OPENED.test(path)
        ? null
        : new Refusal("unfit", "is a device, which may never end");
    case S_IFDIR:
      return Refusal.of(EISDIR);
    case S_IFIFO:
      if (OPENED.test(path)) return null;
      return new Refusal(
        "unfit",
        "is a named pipe, which may never end: redirect it to standard input and name that, -",
      );
    default:
      return new Refusal("unfit", "is not a file");
  }
}

const tooLarge = (limit: number) => new Refusal("large", `is larger than ${limit} bytes`);

/** Sticky: other users may write to the folder, and may remove only their own files. */
const S_ISVTX = 0o1000;
const S_IWOTH = 0o2;

/**
 * Opens a file for writing, empty, and makes it if there is none. In a folder like /tmp it does not write to files of
 * other users, as the kernel does not with fs.protected_symlinks, protected_regular and protected_fifos.
 */
export function createGiven(path: string, mode: number): number | Refusal {
  if (path.includes("\0")) return Refusal.of(ENOENT);
  const there = tryStatAt(AT_FDCWD, cString(path), true);
  const folder = tryStatAt(AT_FDCWD, cString(path.replace(/[^/]*\/*$/, "") || "."));
  let follow = 0;
  if (typeof there !== "number") {
    const shared = typeof folder !== "number" && (folder.mode & S_ISVTX) !== 0 &&
      (folder.mode & S_IWOTH) !== 0;
    if (shared && ![0, process.geteuid!()].includes(there.uid)) {
      return new Refusal(
        "unfit",
        `belongs to another user (${there.uid}), in a folder that all users may write to`,
      );
    }
    if ((there.mode & S_IFMT) !== S_IFLNK) follow = O_NOFOLLOW;
  } else if (there === -ENOENT) {
    follow = O_NOFOLLOW;
  }
  const fd = tryOpenAt(
    AT_FDCWD,
    cString(path),
    O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | follow,
    mode,
  );
  return fd < 0 ? Refusal.of(-fd) : fd;
}
