/**
 * Rows of files that are not sockets: type, device, size, node, name.
 *
 * @module
 */
import {
  type Device,
  type FileStatus,
  isSameDevice,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from "../../../../ffi/stat.ts";
import type { DescriptorInfo } from "../../../proc/fdinfo.ts";
import type { FileDraft, LsofFormat } from "./row.ts";

/**
 * Splits the target of a link that is no path: `pipe:[1]` has the path `pipe` and the rest `[1]`. A path comes back whole,
 * with an empty rest.
 */
export function splitTarget(target: string): { path: string; rest: string } {
  const colon = target.startsWith("/") ? -1 : target.indexOf(":");
  return colon < 0
    ? { path: target, rest: "" }
    : { path: target.slice(0, colon), rest: target.slice(colon + 1) };
}

const TYPES: ReadonlyMap<number, string> = new Map([
  [S_IFBLK, "BLK"],
  [S_IFCHR, "CHR"],
  [S_IFDIR, "DIR"],
  [S_IFIFO, "FIFO"],
  [S_IFREG, "REG"],
  [S_IFLNK, "LINK"],
]);

/** True for files that have an offset but no size worth showing: devices and pipes. */
export function hasOffset(status: FileStatus): boolean {
  const type = status.mode & S_IFMT;
  return type === S_IFBLK || type === S_IFCHR || type === S_IFIFO;
}

/** True for a file that the kernel made without a file system: an epoll set, a timer. */
export function isAnonymous(status: FileStatus, path: string): boolean {
  return (status.mode & S_IFMT) === 0 && path === "anon_inode";
}

/**
 * Fills in everything but the name. With `partial` only device and inode of the file are known, so size and link count stay
 * empty. `messageQueues` is the device of the mqueue file system, `null` when none is mounted.
 */
export function fillFileRow(
  row: FileDraft,
  path: string,
  status: FileStatus,
  format: LsofFormat,
  messageQueues: Device | null,
  partial = false,
): void {
  const type = status.mode & S_IFMT;
  row.device = status.device;
  row.inode = status.inode;
  if (type === S_IFCHR || type === S_IFBLK) row.specialDevice = status.specialDevice;
  if (!hasOffset(status) && format.sizeOrOffset !== "offset" && !partial) row.size = status.size;
  if (format.linkCount && !partial) row.linkCount = status.linkCount;
  row.type = TYPES.get(type) ??
    (isAnonymous(status, path) ? "a_inode" : (type >>> 12).toString(8).padStart(4, "0"));
  if (
    type === S_IFREG && messageQueues !== null && isSameDevice(messageQueues, status.device)
  ) row.type = "PSXMQ";
}

/** The name of a file without a path: `rest` of its link, with what /proc/PID/fdinfo adds. */
export function anonymousName(rest: string, info: DescriptorInfo | null): string {
  if (rest === "[eventfd]" && info?.eventfdId != null && info.eventfdId >= 0) {
    return `[eventfd:${info.eventfdId}]`;
  }
  if (rest === "[pidfd]" && info?.pid != null && info.pid >= 0) return `[pidfd:${info.pid}]`;
  if (rest === "[eventpoll]" && info !== null && info.watched.length > 0) {
    const shown = info.watched.slice(0, EPOLL_SHOWN).toSorted((a, b) => a - b);
    // As in lsof, also when there are exactly that many.
    const more = info.watched.length >= EPOLL_SHOWN ? "..." : "";
    return `[eventpoll:${shown.join(",")}${more}]`;
  }
  return rest;
}

/** lsof names at most this many descriptors of an epoll set: the first that the kernel tells, in ascending order. */
const EPOLL_SHOWN = 32;
