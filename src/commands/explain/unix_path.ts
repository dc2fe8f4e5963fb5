/**
 * Paths of unix sockets: which file a path means, and what is there.
 *
 * A socket keeps the path that was given to bind(2). It may be relative or lead through links, and it is valid in the root
 * directory of its process.
 *
 * @module
 */
import { EACCES, EPERM } from "../../../ffi/errno.ts";
import { AT_FDCWD } from "../../../ffi/files.ts";
import { cString } from "../../../ffi/memory.ts";
import { type FileStatus, S_IFMT, S_IFSOCK, tryStatAt } from "../../../ffi/stat.ts";
import type { Explanation } from "../../model/explanation.ts";
import type { Socket } from "../../model/socket.ts";
import type { ProcRoot } from "../../proc/root.ts";
import { utf8Text } from "../../text/encoding.ts";

/** The file of a socket. `prefix` leads to the directory that `path` starts from. `null` if it has none that can be found. */
export function fileOf(
  { local, owners }: Socket,
  root: ProcRoot,
): { readonly prefix: string; readonly path: string } | null {
  if (!("path" in local) || local.path === null || local.path.length === 0) return null;
  const path = utf8Text(local.path);
  const pid = owners[0]?.pid;
  if (path.startsWith("/")) {
    return { prefix: pid === undefined ? "" : `${root.path}/${pid}/root`, path };
  }
  // This is right unless the process has changed its working directory since.
  return pid === undefined ? null : { prefix: `${root.path}/${pid}/cwd`, path: `/${path}` };
}

/** True if a socket is the one at this path, even if the two paths differ by links. */
export function isAt(socket: Socket, path: string, root: ProcRoot): boolean {
  const { local } = socket;
  if (!("path" in local) || local.path === null) return false;
  const own = utf8Text(local.path);
  if (own === path) return true;
  if (own.split("/").at(-1) !== path.split("/").at(-1) || !root.isLive) return false;
  const file = fileOf(socket, root);
  if (file === null) return false;
  const there = status(file.prefix + file.path);
  const wanted = status(path);
  return typeof there !== "number" && typeof wanted !== "number" && there.inode === wanted.inode &&
    there.device.major === wanted.device.major && there.device.minor === wanted.device.minor;
}

function status(path: string): FileStatus | number {
  return tryStatAt(AT_FDCWD, cString(path));
}

/** What is at a path where no socket was found. */
export function fileAt(path: string): Explanation["file"] {
  const found = status(path);
  if (typeof found !== "number") return (found.mode & S_IFMT) === S_IFSOCK ? "socket" : "other";
  return found === -EACCES || found === -EPERM ? "unreadable" : "absent";
}
